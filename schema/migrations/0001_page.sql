-- Which projects' pages are kept, since KV cannot be counted or queried.
CREATE TABLE page (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- The upstream's serial, where it has one.
  serial INTEGER,
  -- Milliseconds since the epoch.
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (source, project)
) WITHOUT ROWID;
