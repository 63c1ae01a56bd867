-- What wrk sends: the best seats for one to four, in one of HALLS halls of a round.
dofile("bench/result.lua")
local halls, round, count = tonumber(os.getenv("HALLS")), "1", 0

function init(args)
  round = args[1] or round
  math.randomseed(tonumber(round) or 1)
end

function request()
  count = count + 1
  local path = string.format("/v1/tickets/events/%s-%d/holds", round, math.random(halls))
  local body = string.format('{"buyer":"b%d","best":{"number":%d}}', count, math.random(4))
  return wrk.format("POST", path, { ["content-type"] = "application/json" }, body)
end
