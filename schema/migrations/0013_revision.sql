-- What readers may reuse for a moment: how far each index, and the tokens, have changed.
CREATE TABLE revision (
  -- "index NAME", or "tokens".
  subject TEXT PRIMARY KEY,
  -- Goes up with each change. It is the time in milliseconds where that is higher: so a database that was restored never gives a number again.
  number INTEGER NOT NULL,
  -- What was read at an earlier revision may lack that a row is gone: it is read anew as a whole.
  whole_since INTEGER NOT NULL
) WITHOUT ROWID;

-- The revision of its index at the last change of the project or a file of it.
ALTER TABLE hosted_project ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX hosted_project_changed ON hosted_project (index_name, changed);

-- The revision of the tokens at its last change, uses apart.
ALTER TABLE token ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX token_changed ON token (changed);

UPDATE hosted_project SET changed = CAST(unixepoch('subsec') * 1000 AS INTEGER);
UPDATE token SET changed = CAST(unixepoch('subsec') * 1000 AS INTEGER);
INSERT INTO revision (subject, number, whole_since) SELECT 'index ' || index_name, max(changed), max(changed) FROM hosted_project GROUP BY index_name;
INSERT INTO revision (subject, number, whole_since) SELECT 'tokens', max(changed), max(changed) FROM token HAVING count(*) > 0;

-- Triggers, so that whatever changes a row raises the revision: an earlier version of the worker, or a person. Each body is one line.
CREATE TRIGGER hosted_project_new AFTER INSERT ON hosted_project
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || NEW.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE hosted_project SET changed = (SELECT number FROM revision WHERE subject = 'index ' || NEW.index_name) WHERE index_name = NEW.index_name AND project = NEW.project; END;

CREATE TRIGGER hosted_project_changes AFTER UPDATE OF status, status_reason, revision ON hosted_project WHEN NEW.revision IS NOT OLD.revision OR NEW.status IS NOT OLD.status OR NEW.status_reason IS NOT OLD.status_reason
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || NEW.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE hosted_project SET changed = (SELECT number FROM revision WHERE subject = 'index ' || NEW.index_name) WHERE index_name = NEW.index_name AND project = NEW.project; END;

CREATE TRIGGER hosted_project_gone AFTER DELETE ON hosted_project
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || OLD.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number), whole_since = max(number + 1, excluded.number); END;

CREATE TRIGGER hosted_file_new AFTER INSERT ON hosted_file
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || NEW.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE hosted_project SET changed = (SELECT number FROM revision WHERE subject = 'index ' || NEW.index_name) WHERE index_name = NEW.index_name AND project = NEW.project; END;

CREATE TRIGGER hosted_file_changes AFTER UPDATE ON hosted_file
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || NEW.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE hosted_project SET changed = (SELECT number FROM revision WHERE subject = 'index ' || NEW.index_name) WHERE index_name = NEW.index_name AND project = NEW.project; END;

CREATE TRIGGER hosted_file_gone AFTER DELETE ON hosted_file
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('index ' || OLD.index_name, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE hosted_project SET changed = (SELECT number FROM revision WHERE subject = 'index ' || OLD.index_name) WHERE index_name = OLD.index_name AND project = OLD.project; END;

CREATE TRIGGER token_new AFTER INSERT ON token
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('tokens', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE token SET changed = (SELECT number FROM revision WHERE subject = 'tokens') WHERE id = NEW.id; END;

CREATE TRIGGER token_changes AFTER UPDATE OF hash, name, index_name, scopes, projects, expires_at, revoked_at ON token
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('tokens', CAST(unixepoch('subsec') * 1000 AS INTEGER), 0) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number); UPDATE token SET changed = (SELECT number FROM revision WHERE subject = 'tokens') WHERE id = NEW.id; END;

-- One that had ended before does not matter.
CREATE TRIGGER token_gone AFTER DELETE ON token WHEN OLD.revoked_at IS NULL AND (OLD.expires_at IS NULL OR OLD.expires_at > unixepoch('subsec') * 1000)
BEGIN INSERT INTO revision (subject, number, whole_since) VALUES ('tokens', CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT (subject) DO UPDATE SET number = max(number + 1, excluded.number), whole_since = max(number + 1, excluded.number); END;
