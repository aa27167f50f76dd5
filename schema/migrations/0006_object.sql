-- The mirrored files and their .metadata in R2: how large they are, and when they were last used. Nothing else in R2 has a row,
-- and what has none is never deleted by the clock.
CREATE TABLE object (
  -- As in R2.
  key TEXT PRIMARY KEY CHECK (key GLOB 'file/*' OR key GLOB 'metadata/*'),
  source TEXT NOT NULL,
  -- Empty where it was not noted with the object.
  project TEXT NOT NULL,
  -- Bytes.
  size INTEGER NOT NULL,
  -- Milliseconds since the epoch; up to an hour and some minutes before the last use.
  used_at INTEGER NOT NULL,
  -- When this row was made, in milliseconds since the epoch: of earlier uses nothing may be known.
  known_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX object_used ON object (used_at);
CREATE INDEX object_project ON object (source, project, used_at, known_at);

-- The sums of `object`, which would else be read whole for them.
CREATE TABLE stored (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  objects INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);

INSERT INTO stored (id, objects, bytes) VALUES (0, 0, 0);

-- Each body is one line: `npm start` ends a statement where a line ends in a semicolon.
CREATE TRIGGER object_added AFTER INSERT ON object
BEGIN UPDATE stored SET objects = objects + 1, bytes = bytes + NEW.size; END;

CREATE TRIGGER object_removed AFTER DELETE ON object
BEGIN UPDATE stored SET objects = objects - 1, bytes = bytes - OLD.size; END;

CREATE TRIGGER object_resized AFTER UPDATE OF size ON object
BEGIN UPDATE stored SET bytes = bytes - OLD.size + NEW.size; END;

-- How far the store's listing has been held against `object`: the last key that was, by prefix; empty at its beginning.
CREATE TABLE listing (
  prefix TEXT PRIMARY KEY,
  after TEXT NOT NULL
) WITHOUT ROWID;
