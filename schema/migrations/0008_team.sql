-- Who may do what with which index.
CREATE TABLE token (
  -- Stands in the token itself, and in the audit log.
  id TEXT PRIMARY KEY,
  -- What people call it.
  name TEXT NOT NULL,
  -- SHA-256 of its secret part, in lower-case hex. The secret itself is kept nowhere.
  hash TEXT NOT NULL,
  -- The index's name; '*' for every index.
  index_name TEXT NOT NULL,
  -- A JSON array of: read, upload, yank, admin.
  scopes TEXT NOT NULL,
  -- A JSON array of patterns of the projects that it may write; NULL: any.
  projects TEXT,
  -- Times are milliseconds since the epoch.
  created_at INTEGER NOT NULL,
  -- Who made it, as in the audit log.
  created_by TEXT NOT NULL,
  -- NULL: never.
  expires_at INTEGER,
  revoked_at INTEGER,
  -- Up to some minutes late; NULL: never.
  used_at INTEGER,
  -- Of one that was minted for an identity token: that one's issuer and id, so that it is exchanged once.
  minted_for TEXT UNIQUE
) WITHOUT ROWID;

-- The projects that indexes host. A row is who owns the name there, whether any file of it is left or not.
CREATE TABLE hosted_project (
  index_name TEXT NOT NULL,
  -- Normalised.
  project TEXT NOT NULL,
  -- PEP 792: archived, deprecated or quarantined; NULL: active.
  status TEXT,
  status_reason TEXT,
  -- Goes up with each change of the project or a file of it: pages made of them are kept by it.
  revision INTEGER NOT NULL,
  PRIMARY KEY (index_name, project)
) WITHOUT ROWID;

-- Their files. A row stays when its file is deleted: the name is used for good.
CREATE TABLE hosted_file (
  index_name TEXT NOT NULL,
  project TEXT NOT NULL,
  -- The filename with name and version normalised: two spellings of one file are one.
  identity TEXT NOT NULL,
  -- As it was uploaded.
  filename TEXT NOT NULL,
  -- Normalised (PEP 440).
  version TEXT NOT NULL,
  -- Lower-case hex.
  sha256 TEXT NOT NULL,
  -- Bytes.
  size INTEGER NOT NULL,
  -- Where its bytes lie in R2; a wheel's METADATA lies beside it. NULL: deleted.
  object TEXT,
  -- SHA-256 of a wheel's METADATA, in lower-case hex; NULL where it is no wheel.
  metadata_sha256 TEXT,
  requires_python TEXT,
  -- Milliseconds since the epoch.
  uploaded_at INTEGER NOT NULL,
  -- The reason, which may be empty; NULL: not yanked.
  yanked TEXT,
  -- Milliseconds since the epoch; NULL: it is there.
  deleted_at INTEGER,
  PRIMARY KEY (index_name, project, identity)
) WITHOUT ROWID;

-- A file is asked for by its digest, and an object that no row has is nobody's.
CREATE INDEX hosted_file_sha256 ON hosted_file (sha256);
CREATE INDEX hosted_file_object ON hosted_file (object) WHERE object IS NOT NULL;

-- Uploads that come in parts and have not been finished.
CREATE TABLE upload (
  id TEXT PRIMARY KEY,
  index_name TEXT NOT NULL,
  -- The token's id, or admin: nobody else may go on with it, but the admin.
  actor TEXT NOT NULL,
  filename TEXT NOT NULL,
  -- What is to come, in bytes and as lower-case hex.
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  -- Of all parts but the last, in bytes.
  part_size INTEGER NOT NULL,
  -- R2's name for it.
  multipart TEXT NOT NULL,
  -- Milliseconds since the epoch.
  begun_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Who begins the same again goes on with it.
CREATE UNIQUE INDEX upload_same ON upload (actor, index_name, filename, sha256, size);

-- Their parts that have arrived.
CREATE TABLE upload_part (
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  -- R2's.
  etag TEXT NOT NULL,
  PRIMARY KEY (upload, number)
) WITHOUT ROWID;

-- What was written, and by whom. Rows are added in the transaction that writes, and never changed.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL,
  -- A token's id, admin, or the issuer of the identity token for which one was minted.
  actor TEXT NOT NULL,
  -- What the token was called then.
  actor_name TEXT NOT NULL,
  -- The address that the request came from; empty where it is not known.
  origin TEXT NOT NULL,
  -- Such as upload, yank, token.create.
  action TEXT NOT NULL,
  index_name TEXT NOT NULL,
  -- Empty where it is about no project.
  project TEXT NOT NULL,
  -- What of it: a filename, a version, a token's id; empty where it is about the whole.
  subject TEXT NOT NULL,
  -- A JSON object with what else there is to say.
  details TEXT NOT NULL
);

CREATE INDEX audit_at ON audit (at);

-- The sums of what is hosted, which would else be read whole for them. A promoted file counts in each of its indexes.
CREATE TABLE hosted (
  id INTEGER PRIMARY KEY CHECK (id = 0),
  projects INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);

INSERT INTO hosted (id, projects, files, bytes) VALUES (0, 0, 0, 0);

-- Each body is one line, as those of `object`.
CREATE TRIGGER hosted_project_added AFTER INSERT ON hosted_project
BEGIN UPDATE hosted SET projects = projects + 1; END;

CREATE TRIGGER hosted_project_removed AFTER DELETE ON hosted_project
BEGIN UPDATE hosted SET projects = projects - 1; END;

CREATE TRIGGER hosted_file_added AFTER INSERT ON hosted_file WHEN NEW.object IS NOT NULL
BEGIN UPDATE hosted SET files = files + 1, bytes = bytes + NEW.size; END;

CREATE TRIGGER hosted_file_removed AFTER DELETE ON hosted_file WHEN OLD.object IS NOT NULL
BEGIN UPDATE hosted SET files = files - 1, bytes = bytes - OLD.size; END;

CREATE TRIGGER hosted_file_changed AFTER UPDATE OF object, size ON hosted_file
BEGIN UPDATE hosted SET files = files - (OLD.object IS NOT NULL) + (NEW.object IS NOT NULL), bytes = bytes - iif(OLD.object IS NULL, 0, OLD.size) + iif(NEW.object IS NULL, 0, NEW.size); END;
