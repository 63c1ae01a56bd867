-- What wrk sends: the entry, and so the rank, of one of MEMBERS players, chosen at random.
dofile("bench/pause.lua")
local members = 1000000

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
  members = tonumber(args[2] or members)
end

function request()
  return wrk.format("GET", string.format("/v1/leaderboards/board-0/owners/player-%08d", math.random(0, members - 1)))
end

function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("%.0f reads/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, errors %d\n",
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency:percentile(99.9) / 1000, errors))
end
