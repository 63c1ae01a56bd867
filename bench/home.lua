-- What wrk sends: 40 items of the home of one of READERS accounts, and then it waits 12 ms.
dofile("bench/result.lua")
local readers = tonumber(os.getenv("READERS"))

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
end

function request()
  local subject = string.format("user-%08d", math.random(0, readers - 1))
  return wrk.format("GET", "/v1/feeds?limit=40", { ["millrace-subject"] = subject })
end

function delay()
  return 12
end
