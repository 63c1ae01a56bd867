-- What wrk sends: a read of a cart, and then it waits 6 ms.
dofile("bench/cart_of.lua")

function request()
  local path, headers = cart()
  return wrk.format("GET", path, headers)
end

function delay()
  return 6
end
