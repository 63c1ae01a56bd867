-- What wrk sends: is it my turn? For one of the places that PLACES_FILE names.
dofile("bench/result.lua")
local places = {}

function init()
  for place in io.lines(os.getenv("PLACES_FILE")) do
    places[#places + 1] = "/v1/tickets/queue/" .. place
  end
end

function delay()
  return 3
end

function request()
  return wrk.format("GET", places[math.random(#places)])
end
