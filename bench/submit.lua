-- What wrk sends: a score of one of a million players, chosen at random.
local headers = { ["content-type"] = "application/json" }

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
end

function request()
  local body = string.format('{"owner":"player-%07d","score":1}', math.random(0, 999999))
  return wrk.format("POST", "/v1/leaderboards/b/scores", headers, body)
end

function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %.0f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
