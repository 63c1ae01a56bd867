-- What wrk sends: a score of one of a million players, chosen at random.
dofile("bench/result.lua")
local headers = { ["content-type"] = "application/json" }

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
end

function request()
  local body = string.format('{"owner":"player-%07d","score":1}', math.random(0, 999999))
  return wrk.format("POST", "/v1/leaderboards/b/scores", headers, body)
end
