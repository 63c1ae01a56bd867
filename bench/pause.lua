-- For wrk's scripts: with PAUSE_MS each client waits so long between an answer and the next request.
local pause = tonumber(os.getenv("PAUSE_MS") or "0")

if pause > 0 then
  function delay()
    return pause
  end
end
