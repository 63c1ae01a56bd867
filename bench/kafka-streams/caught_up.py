# Waits until the Millrace of a data folder answers, and prints its address. With two counts and the boards: waits until it
# has applied so many records, and prints records a second and CPU microseconds a record between these, and its sums' check.
import json, os, re, sys, time, urllib.error, urllib.request, zlib

pid, folder = sys.argv[1:3]
ticks = os.sysconf("SC_CLK_TCK")


def get(path):
    return urllib.request.urlopen(address + path, timeout=30).read()


def eventually(ask):
    """What `ask` says once it does not fail any more."""
    deadline = time.time() + 120
    while True:
        try:
            return ask()
        except (OSError, KeyError, ValueError):
            if time.time() > deadline:
                raise
            time.sleep(0.02)


def running():
    said = json.load(open(f"{folder}/server.json"))
    if said["pid"] != int(pid):
        raise ValueError("it is of another one")
    urllib.request.urlopen(said["address"] + "/health/live", timeout=30)
    return said["address"]


def cpu():
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / ticks


def applied():
    found = re.search(r'^millrace_applied_records_total\{machine="leaderboards"\} (\d+)', get("/metrics").decode(), re.M)
    return int(found.group(1)) if found else 0


def when(count):
    """The time at which so many were applied, and the CPU that was used by then."""
    before = None
    while True:
        now = (time.time(), cpu(), applied())
        if now[2] >= count:
            part = 1 if before is None else (count - before[2]) / (now[2] - before[2])
            return [old + (new - old) * part for old, new in zip((before or now)[:2], now[:2])]
        before = now
        time.sleep(0.02)


def entries(board):
    cursor = ""
    while cursor is not None:
        page = json.loads(get(f"/v1/leaderboards/{board}/entries?limit=1000" + (f"&cursor={cursor}" if cursor else "")))
        yield from page["entries"]
        cursor = page["cursor"]


address = eventually(running)
if len(sys.argv) == 3:
    eventually(lambda: get("/health/ready"))
    print(address)
    sys.exit()
first, last = int(sys.argv[3]), int(sys.argv[4])
start, end = when(first), when(last)
seconds, used = end[0] - start[0], end[1] - start[1]
if seconds < 0.5:
    sys.exit(f"{last - first} records were applied before anybody could look: RECORDS and WARMUP must be more")
eventually(lambda: get("/health/ready"))
check = sum(zlib.crc32(one["owner"].encode()) * one["score"] for board in sys.argv[5].split(",") for one in entries(board))
print(f"{(last - first) / seconds:.0f} {used * 1e6 / (last - first):.2f} {check % 2**64}")
