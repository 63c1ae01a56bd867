-- What wrk sends: redirects as in redirect.lua, paced: with 10 clients about 1,000 a second.
dofile("bench/redirect.lua")

function delay()
  return 10
end
