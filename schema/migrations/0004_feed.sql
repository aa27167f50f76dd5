-- How far an upstream's log of changes has been followed. Times are milliseconds since the epoch.
CREATE TABLE feed (
  source TEXT PRIMARY KEY,
  -- What the keys of the pages begin with that were kept then: others were not told of changes meanwhile.
  pages TEXT NOT NULL DEFAULT '',
  -- Of the last change that was followed; NULL where none ever was.
  serial INTEGER,
  -- Since when without a gap.
  since INTEGER NOT NULL DEFAULT 0,
  -- When it was last followed to its end.
  polled_at INTEGER NOT NULL DEFAULT 0,
  -- It is not to be asked before.
  retry_at INTEGER NOT NULL DEFAULT 0,
  -- Why it could not be followed the last time.
  failure TEXT,
  -- What has just changed: a JSON object, by name the serial and when it was announced.
  recent TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;

-- The serial that the page is to have and is not known to have; NULL where nothing is outstanding.
ALTER TABLE page ADD COLUMN wanted INTEGER;
-- When a refresh of it was last queued, in milliseconds since the epoch.
ALTER TABLE page ADD COLUMN queued_at INTEGER;

CREATE INDEX page_wanted ON page (source, queued_at, wanted) WHERE wanted IS NOT NULL;
CREATE INDEX page_changed_at ON page (changed_at);
