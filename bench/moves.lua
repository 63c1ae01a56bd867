-- What wrk sends: a new score of one of MEMBERS players of the large board, both chosen at random.
dofile("bench/pause.lua")
local headers = { ["content-type"] = "application/json" }
local members = 1000000

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
  members = tonumber(args[2] or members)
end

function request()
  local owner, score = math.random(0, members - 1), math.random(0, 1000000000)
  local body = string.format('{"owner":"player-%08d","score":%d,"operator":"set"}', owner, score)
  return wrk.format("POST", "/v1/leaderboards/board-0/scores", headers, body)
end

function done(summary, latency)
  io.write(string.format("%.0f submits/s meanwhile, p50 %.2f ms, p99 %.2f ms\n",
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
