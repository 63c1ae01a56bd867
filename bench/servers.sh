# What scripts that measure HTTP share: a scratch folder, servers that end with the script, rows of figures.
# As it is shipped; PROFILE=release measures the build that is quick to make.
profile=${PROFILE:-dist}
built=${CARGO_TARGET_DIR:-target}/$profile
# As the Makefile has it: with another value all of RocksDB is compiled again.
export CXX=${CXX:-ccache c++}
cargo build --profile "$profile" --bin millrace --bin bare --workspace --quiet

folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; rm -rf "$folder"' EXIT

# ready NAME PROGRAM…: starts it, and waits for the line that names its address.
ready() {
    local name=$1
    shift
    "$@" >"$folder/$name.out" 2>"$folder/$name.err" &
    pids+=($!)
    for _ in $(seq 200); do
        address=$(sed -n "s/^.* ready \(http.*\)$/\1/p" "$folder/$name.out")
        [[ -z $address ]] || return 0
        sleep 0.05
    done
    cat "$folder/$name.err" >&2
    return 1
}

# redis: starts one on a free port, which writes and syncs each change before it answers.
redis() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly yes --appendfsync always \
        >"$folder/redis.out" &
    pids+=($!)
    until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.05; done
}

# postgres: starts a fresh one in the scratch folder, on a socket alone, as a user that may run it.
postgres() {
    binaries=$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres | tail -1)")
    local as=(env)
    if ((EUID == 0)); then
        as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
        chmod 711 "$folder"
    fi
    install -d ${as[1]:+-o postgres -g postgres} "$folder/pg"
    "${as[@]}" "$binaries/initdb" -D "$folder/pg/data" -U bench -A trust >"$folder/initdb.out"
    "${as[@]}" "$binaries/postgres" -D "$folder/pg/data" -k "$folder/pg" -c listen_addresses= -c shared_buffers=1GB \
        -c synchronous_commit=on -c max_wal_size=4GB >"$folder/postgres.out" 2>&1 &
    pids+=($!)
    until "$binaries/pg_isready" -q -h "$folder/pg"; do sleep 0.05; done
}
# sql TEXT: each statement for itself.
sql() { tr '\n' ' ' <<<"$1" | sed 's/; */;\n/g' | psql -h "$folder/pg" -U bench -q -v ON_ERROR_STOP=1 postgres; }

# ask CLIENTS SCRIPT URL SEED: requests/s, p50 and p99 in µs, errors
ask() { wrk -t1 -c"$1" -d"${seconds}s" -s "$2" "$3" -- "$4" | sed -n 's/^RESULT //p'; }
row() { printf '%-34s %9s /s   p50 %8s us   p99 %8s us   errors %s\n' "$@"; }
