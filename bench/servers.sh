# What scripts that measure HTTP share: a scratch folder, servers that end with the script, rows of figures.
target=${CARGO_TARGET_DIR:-target}
cargo build --release --bin millrace --bin bare --workspace --quiet

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

# ask CLIENTS SCRIPT URL SEED: requests/s, p50 and p99 in µs, errors
ask() { wrk -t1 -c"$1" -d"${seconds}s" -s "$2" "$3" -- "$4" | sed -n 's/^RESULT //p'; }
row() { printf '%-34s %9s /s   p50 %8s us   p99 %8s us   errors %s\n' "$@"; }
