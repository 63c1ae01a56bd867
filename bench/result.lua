-- What scripts of wrk say at their end: requests/s, p50 and p99 in µs, errors.
function done(summary, latency)
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %.0f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
