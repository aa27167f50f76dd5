-- Only `done` is defined: a per-response callback would slow wrk itself down.
done = function(summary)
  local e = summary.errors
  io.write(string.format(
    '\nREPORT {"requests":%d,"seconds":%.6f,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    e.connect, e.read, e.write, e.status, e.timeout))
end
