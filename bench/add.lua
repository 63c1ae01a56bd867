-- What wrk sends: one more of a SKU for a cart.
dofile("bench/cart_of.lua")

function request()
  local path, headers = cart()
  return wrk.format("POST", path .. "/line-items", headers, '{"sku":"tee","quantity":1}')
end
