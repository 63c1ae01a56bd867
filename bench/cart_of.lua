-- One of the carts that CARTS_FILE names, chosen at random: its path and the headers that its buyer sends.
dofile("bench/result.lua")
local carts = {}

function init(args)
  math.randomseed(tonumber(args[1] or "1"))
  for line in io.lines(os.getenv("CARTS_FILE")) do
    local id, token = line:match("(%S+) (%S+)")
    if id then
      carts[#carts + 1] = { "/v1/carts/" .. id, { ["content-type"] = "application/json", authorization = "Bearer " .. token } }
    end
  end
end

function cart()
  local found = carts[math.random(#carts)]
  return found[1], found[2]
end
