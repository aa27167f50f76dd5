-- Copies of pages in data centres' caches are compared with what D1 says of recent changes. A row of `page` that was deleted says nothing.

CREATE TABLE deleted_page (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- Milliseconds since the epoch.
  deleted_at INTEGER NOT NULL,
  PRIMARY KEY (source, project)
) WITHOUT ROWID;

CREATE INDEX deleted_page_at ON deleted_page (deleted_at);
