-- What was found out about files whose page does not say it: kept until the page is next made.
CREATE TABLE file (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- As the project's page has it.
  url TEXT NOT NULL,
  -- SHA-256 of a wheel's METADATA, in lower-case hex.
  metadata TEXT,
  -- Bytes.
  size INTEGER,
  -- The upstream's Last-Modified, in milliseconds since the epoch.
  modified_at INTEGER,
  -- 1 where a wheel's METADATA cannot be read.
  unreadable INTEGER,
  PRIMARY KEY (source, project, url)
) WITHOUT ROWID;
