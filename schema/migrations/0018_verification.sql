-- How far what is stored has been compared: with its upstream, by source, and with its digests, by the clock.

CREATE TABLE mirror_verification (
  source TEXT PRIMARY KEY,
  -- Milliseconds since the epoch; NULL: it is not at its end.
  began_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- What was asked for: percent of the projects; 1: what can be fetched again is; 1: also what is only cached.
  sample REAL NOT NULL,
  repair INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  -- How many projects there were when it began.
  projects INTEGER NOT NULL,
  -- The last project before which all are verified; of the next one, its name and its last file; and how often it was begun in vain.
  after TEXT NOT NULL DEFAULT '',
  after_file TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0,
  -- Projects that were passed, those of them that were verified, files and .metadata that were read, and their bytes.
  passed INTEGER NOT NULL DEFAULT 0,
  verified INTEGER NOT NULL DEFAULT 0,
  objects INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- What the last verification of a source has found.
CREATE TABLE mirror_finding (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- A filename; empty: the project as a whole.
  file TEXT NOT NULL,
  kind TEXT NOT NULL,
  fault TEXT NOT NULL,
  -- 1: it is right since.
  repaired INTEGER NOT NULL,
  found_at INTEGER NOT NULL,
  PRIMARY KEY (source, project, file)
) WITHOUT ROWID;

-- How far the objects have been read and compared with their digests: one row, once the first were.
CREATE TABLE scrub (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  -- The last key that was read; empty at the beginning of a round.
  after TEXT NOT NULL,
  -- Of this round: when it began, objects that were read, their bytes, and those that were damaged.
  began_at INTEGER NOT NULL,
  objects INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  damaged INTEGER NOT NULL,
  damaged_hosted INTEGER NOT NULL,
  -- The same of the last whole round; NULL: there was none.
  round_began_at INTEGER,
  round_ended_at INTEGER,
  round_objects INTEGER NOT NULL DEFAULT 0,
  round_bytes INTEGER NOT NULL DEFAULT 0,
  round_damaged INTEGER NOT NULL DEFAULT 0,
  round_damaged_hosted INTEGER NOT NULL DEFAULT 0
);

-- The sums of mirror_project, which would else be read whole for them.
CREATE TABLE mirror_sum (
  source TEXT PRIMARY KEY,
  projects INTEGER NOT NULL,
  unexamined INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  missing INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO mirror_sum (source, projects, unexamined, files, bytes, missing)
  SELECT source, count(*), count(*) - count(examined_at), sum(files), sum(bytes), sum(missing) FROM mirror_project GROUP BY source;

CREATE TRIGGER mirror_project_counted AFTER INSERT ON mirror_project
BEGIN INSERT INTO mirror_sum (source, projects, unexamined, files, bytes, missing) VALUES (NEW.source, 1, NEW.examined_at IS NULL, NEW.files, NEW.bytes, NEW.missing) ON CONFLICT (source) DO UPDATE SET projects = projects + 1, unexamined = unexamined + excluded.unexamined, files = files + excluded.files, bytes = bytes + excluded.bytes, missing = missing + excluded.missing; END;

CREATE TRIGGER mirror_project_uncounted AFTER DELETE ON mirror_project
BEGIN UPDATE mirror_sum SET projects = projects - 1, unexamined = unexamined - (OLD.examined_at IS NULL), files = files - OLD.files, bytes = bytes - OLD.bytes, missing = missing - OLD.missing WHERE source = OLD.source; END;

CREATE TRIGGER mirror_project_recounted AFTER UPDATE OF examined_at, files, bytes, missing ON mirror_project
WHEN OLD.files <> NEW.files OR OLD.bytes <> NEW.bytes OR OLD.missing <> NEW.missing OR (OLD.examined_at IS NULL) <> (NEW.examined_at IS NULL)
BEGIN UPDATE mirror_sum SET unexamined = unexamined + (NEW.examined_at IS NULL) - (OLD.examined_at IS NULL), files = files + NEW.files - OLD.files, bytes = bytes + NEW.bytes - OLD.bytes, missing = missing + NEW.missing - OLD.missing WHERE source = NEW.source; END;
