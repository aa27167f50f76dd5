-- What is allowed, denied or exempted of an index beside its configuration. A row is never changed: it is added, and deleted.
CREATE TABLE policy_entry (
  id TEXT PRIMARY KEY,
  index_name TEXT NOT NULL,
  -- allow, deny or exemption.
  kind TEXT NOT NULL,
  -- A pattern of project names with specifiers of versions, or "sha256:" and a digest.
  what TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Of an exemption: the only advisory that it is from; NULL: none.
  advisory TEXT,
  -- Times are milliseconds since the epoch.
  created_at INTEGER NOT NULL,
  -- Who made it, as in the audit log.
  created_by TEXT NOT NULL,
  created_by_name TEXT NOT NULL,
  -- NULL: never.
  expires_at INTEGER,
  -- The revision of its index when it was added.
  changed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX policy_entry_changed ON policy_entry (index_name, changed);

-- As for hosted projects: each body is one line.
CREATE TRIGGER policy_entry_new AFTER INSERT ON policy_entry
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || NEW.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE policy_entry SET changed = (SELECT number FROM revision WHERE subject = 'index ' || NEW.index_name) WHERE id = NEW.id; END;

-- One that had ended before does not matter.
CREATE TRIGGER policy_entry_gone AFTER DELETE ON policy_entry WHEN OLD.expires_at IS NULL OR OLD.expires_at > unixepoch('subsec') * 1000
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || OLD.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number), whole_since = max(number + 1, excluded.number); END;
