-- What wrk sends: a post of one of ACCOUNTS accounts, and then it waits 12 ms.
dofile("bench/result.lua")
local accounts = tonumber(os.getenv("ACCOUNTS"))

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
end

function request()
  local subject = string.format("user-%08d", math.random(0, accounts - 1))
  local headers = { ["content-type"] = "application/json", ["millrace-subject"] = subject }
  return wrk.format("POST", "/v1/feeds/posts", headers, '{"text":"as much as posts do: something, and then something else"}')
end

function delay()
  return 12
end
