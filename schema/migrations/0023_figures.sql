-- What the counters and gauges were at the end of each hour, for plots.
CREATE TABLE figures (
  -- Milliseconds since the epoch.
  at INTEGER PRIMARY KEY,
  -- A JSON object: a number for each figure.
  figures TEXT NOT NULL
);

-- The last event of each kind, as it is in the log.
CREATE TABLE last_event (
  event TEXT PRIMARY KEY,
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  reason TEXT NOT NULL
) WITHOUT ROWID;
