-- Sessions of browsers that were ended before their time. A row counts for as long as a session lasts.
CREATE TABLE ended_session (
  -- The id of its token, or "admin".
  token TEXT NOT NULL,
  -- When it was opened. Milliseconds since the epoch.
  opened_at INTEGER NOT NULL,
  -- 1: with it, all of the token that were opened before.
  is_all INTEGER NOT NULL,
  PRIMARY KEY (token, opened_at)
) WITHOUT ROWID;

-- Readers reuse what they have read until the revision is another, as of tokens. Each body is one line.
CREATE TRIGGER ended_session_new AFTER INSERT ON ended_session
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('sessions', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); END;

CREATE TRIGGER ended_session_changes AFTER UPDATE ON ended_session
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('sessions', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); END;

-- Each filter of the audit log reads what it selects; the id, which is part of every index, has the order.
CREATE INDEX audit_index ON audit (index_name);
CREATE INDEX audit_any_project ON audit (project);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_actor ON audit (actor);
CREATE INDEX audit_actor_name ON audit (actor_name);
