-- The index of advisories that the guard reads: one object in R2.
CREATE TABLE advisory_index (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  -- Its key in R2; NULL: there has been none yet.
  object TEXT,
  -- JSON: where each of its shards begins, and where the last ends. Bytes.
  offsets TEXT NOT NULL DEFAULT '[]',
  -- How many records it is made of, and how many entries it has: one for each project of a record that counts.
  records INTEGER NOT NULL DEFAULT 0,
  entries INTEGER NOT NULL DEFAULT 0,
  -- When it was last known to be what the export has, or was loaded by a person. Milliseconds since the epoch; 0: never.
  checked_at INTEGER NOT NULL DEFAULT 0,
  -- When its records were last compared with all of the export. Milliseconds since the epoch; 0: never.
  compared_at INTEGER NOT NULL DEFAULT 0,
  -- The time of the latest change that was read from the export. Milliseconds since the epoch.
  changed_until INTEGER NOT NULL DEFAULT 0,
  -- Why the export could not be taken over the last time; NULL: it could.
  failure TEXT
);

-- Each body is one line.
CREATE TRIGGER advisory_index_new AFTER INSERT ON advisory_index WHEN NEW.object IS NOT NULL
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('advisories', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); END;

CREATE TRIGGER advisory_index_changes AFTER UPDATE OF object ON advisory_index WHEN NEW.object IS NOT OLD.object
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('advisories', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); END;

CREATE TRIGGER advisory_index_gone AFTER DELETE ON advisory_index
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('advisories', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); END;
