-- How far the webhooks are: one row, from when there is the first receiver.
CREATE TABLE notice_position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Random: the ids of notices begin with it, so that those of two deployments differ.
  origin TEXT NOT NULL,
  -- The last entry of the audit log, and the last row of `notice`, that receivers were told of.
  audit_id INTEGER NOT NULL,
  notice_id INTEGER NOT NULL,
  -- When that was. Milliseconds since the epoch.
  at INTEGER NOT NULL
);

-- What receivers are told of that is no entry of the audit log.
CREATE TABLE notice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- What it is of: the same thing is told once.
  key TEXT NOT NULL UNIQUE,
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  index_name TEXT NOT NULL,
  -- Empty where it is of no project.
  project TEXT NOT NULL,
  subject TEXT NOT NULL,
  -- JSON.
  details TEXT NOT NULL
);
