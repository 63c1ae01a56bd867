# Builds Millrace and puts the one program into a small image. `docker compose up` uses it; see docker-compose.yml.

FROM rust:1.95-bookworm AS build
# RocksDB and librdkafka are built from source: a C++ compiler and make are in the image, these are not.
RUN apt-get update \
    && apt-get install -y --no-install-recommends clang libclang-dev libssl-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /millrace
COPY . .
# The cache mounts keep the twenty minutes of C++ out of every later build.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/millrace/target \
    cargo build --profile dist --locked --bin millrace \
    && cp target/dist/millrace /usr/local/bin/millrace

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 zlib1g libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /data millrace \
    && install --directory --owner millrace --mode 0700 /keys
COPY --from=build /usr/local/bin/millrace /usr/local/bin/millrace
USER millrace
WORKDIR /data
# A volume that is mounted at /keys, for the secrets that the nodes of a cluster share, belongs to millrace too.
VOLUME /data
EXPOSE 8080
# SIGTERM ends it gracefully; what is killed instead loses nothing that was acknowledged.
STOPSIGNAL SIGTERM
# bash alone asks for readiness, so that the image needs no further program.
HEALTHCHECK --interval=5s --timeout=3s --start-period=120s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["millrace"]
# Without arguments: on the embedded log, reachable from inside the container only.
CMD ["serve", "--data", "/data", "--listen", "127.0.0.1:8080"]
