-- What is mirrored on purpose, by source: what was asked for, and how far each project is.

CREATE TABLE mirror_entry (
  source TEXT NOT NULL,
  -- A normalized name, in which "*" stands for any characters.
  pattern TEXT NOT NULL,
  -- PEP 440; empty: every version.
  specifiers TEXT NOT NULL,
  -- A JSON array of the extras whose requirements are mirrored as well.
  extras TEXT NOT NULL,
  -- 1: with all that it requires.
  closure INTEGER NOT NULL,
  -- Milliseconds since the epoch.
  added_at INTEGER NOT NULL,
  -- A token's id, or "admin".
  added_by TEXT NOT NULL,
  PRIMARY KEY (source, pattern, specifiers)
) WITHOUT ROWID;

CREATE INDEX mirror_entry_pattern ON mirror_entry (source, pattern) WHERE instr(pattern, '*') > 0;

CREATE TABLE mirror_project (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- When it is next looked at, in milliseconds since the epoch; NULL: when the change log names it.
  due_at INTEGER,
  -- The serial that the change log gives for it; NULL: none yet.
  wanted_serial INTEGER,
  -- When it was last looked at; NULL: never.
  examined_at INTEGER,
  -- Files that are to be stored, and bytes of them; how many of them are not stored yet.
  files INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0,
  missing_bytes INTEGER NOT NULL DEFAULT 0,
  -- Files on its page that the filters leave out.
  left_out INTEGER NOT NULL DEFAULT 0,
  -- 1: with all that it requires.
  closure INTEGER NOT NULL DEFAULT 0,
  -- How often in a row something of it failed.
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, project)
) WITHOUT ROWID;

CREATE INDEX mirror_project_due ON mirror_project (source, due_at) WHERE due_at IS NOT NULL;

-- What a project with its requirements requires.
CREATE TABLE mirror_requirement (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  required TEXT NOT NULL,
  specifiers TEXT NOT NULL,
  -- A JSON array.
  extras TEXT NOT NULL,
  PRIMARY KEY (source, project, required, specifiers, extras)
) WITHOUT ROWID;

CREATE INDEX mirror_requirement_required ON mirror_requirement (source, required);

-- What could not be mirrored the last time.
CREATE TABLE mirror_error (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- A filename; empty: the project as a whole.
  file TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- 1: nothing failed; it is to be known.
  is_note INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  PRIMARY KEY (source, project, file)
) WITHOUT ROWID;

CREATE TABLE mirror_run (
  source TEXT PRIMARY KEY,
  -- Until when one run has it for itself, and its random id. Milliseconds since the epoch.
  leased_until INTEGER NOT NULL DEFAULT 0,
  lease TEXT NOT NULL DEFAULT '',
  -- No run begins before.
  retry_at INTEGER NOT NULL DEFAULT 0,
  -- When the root listing is next compared with the patterns; NULL: there are none.
  list_at INTEGER,
  -- Of the last run: when it began and was last heard of, its requests of the upstream, what it stored, why it ended early.
  began_at INTEGER,
  heard_at INTEGER,
  requests INTEGER NOT NULL DEFAULT 0,
  files INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  failure TEXT,
  -- Why requirements are left out; NULL: none are.
  ceiling TEXT,
  -- When a project last became one of which something is mirrored, or ceased to be: at least, and never the same twice.
  names_changed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TRIGGER mirror_project_named AFTER UPDATE OF files ON mirror_project WHEN (NEW.files > 0) <> (OLD.files > 0)
BEGIN UPDATE mirror_run SET names_changed = max(names_changed + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER)) WHERE source = NEW.source; END;

CREATE TRIGGER mirror_project_gone AFTER DELETE ON mirror_project WHEN OLD.files > 0
BEGIN UPDATE mirror_run SET names_changed = max(names_changed + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER)) WHERE source = OLD.source; END;

-- 1: it is mirrored on purpose, and the sweep leaves it.
ALTER TABLE object ADD COLUMN mirrored INTEGER NOT NULL DEFAULT 0;

DROP INDEX object_used;
CREATE INDEX object_used ON object (used_at) WHERE mirrored = 0;
