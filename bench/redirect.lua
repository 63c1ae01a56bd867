-- What wrk sends: one of a million visitors follows the link of one of a hundred ads.
dofile("bench/result.lua")
local browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
end

function request()
  local visitor = math.random(0, 999999)
  local headers = {
    ["user-agent"] = browser,
    ["cookie"] = "millrace_visitor=v" .. visitor,
    ["x-forwarded-for"] = string.format("10.%d.%d.%d", visitor / 65536, visitor / 256 % 256, visitor % 256),
  }
  return wrk.format("GET", "/c/ad-" .. visitor % 100, headers)
end
