-- What wrk sends: whole bookings. The best seats for one to four, an order of them, and its payment: whoever has an answer
-- takes the next step. Says bookings/s, their p50 and p99 in µs, errors.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long us; } moment; int gettimeofday(moment *, void *);")
local moment = ffi.new("moment")
local halls, round, count = tonumber(os.getenv("HALLS")), "1", 0
local steps, began, threads = {}, {}, {}
times = {}

local function now()
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.s) * 1e6 + tonumber(moment.us)
end

local function post(path, body)
  return wrk.format("POST", path, { ["content-type"] = "application/json" }, body)
end

local function hold()
  count = count + 1
  local buyer = string.format("b%d", count)
  began[buyer] = now()
  local path = string.format("/v1/tickets/events/%s-%d/holds", round, math.random(halls))
  return post(path, string.format('{"buyer":"%s","best":{"number":%d}}', buyer, math.random(4)))
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  round = args[1] or round
  math.randomseed(tonumber(round) or 1)
end

function request()
  return table.remove(steps, 1) or hold()
end

function response(status, _, body)
  local buyer, state = body:match('"buyer":"([^"]+)"'), body:match('"state":"([^"]+)"')
  if status == 201 and state == "open" then
    local event, token = body:match('"event":"([^"]+)"'), body:match('"hold":"([^"]+)"')
    local asked = string.format('{"event":"%s","hold":"%s","buyer":"%s"}', event, token, buyer)
    steps[#steps + 1] = post("/v1/tickets/orders", asked)
  elseif status == 201 and state == "pending" then
    local order, amount = body:match('"order":"([^"]+)"'), body:match('"amount":(%d+)')
    local paid = string.format('{"type":"captured","payment":"%s","amount":%s}', order, amount)
    steps[#steps + 1] = post("/v1/tickets/orders/" .. order .. "/payments", paid)
  elseif status == 200 and state == "paid" then
    times[#times + 1] = now() - began[buyer]
    began[buyer] = nil
  end
end

function done(summary)
  local all = {}
  for _, thread in ipairs(threads) do
    for _, time in ipairs(thread:get("times")) do
      all[#all + 1] = time
    end
  end
  table.sort(all)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  local at = function(part) return all[math.max(1, math.floor(#all * part))] or 0 end
  io.write(string.format("RESULT %.0f %.0f %.0f %d\n", #all * 1e6 / summary.duration, at(0.5), at(0.99), errors))
end
