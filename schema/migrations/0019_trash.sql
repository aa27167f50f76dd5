-- Deleted files that can be restored, and when releases were last used.

-- The object that a deleted file was made of, while it can be restored; NULL: it cannot be. A file that has an `object` is not deleted, whatever this says.
ALTER TABLE hosted_file ADD COLUMN trashed TEXT;

CREATE INDEX hosted_file_trashed ON hosted_file (trashed) WHERE trashed IS NOT NULL;

CREATE TABLE hosted_use (
  index_name TEXT NOT NULL,
  project TEXT NOT NULL,
  -- Normalized (PEP 440).
  version TEXT NOT NULL,
  -- Milliseconds since the epoch.
  used_at INTEGER NOT NULL,
  PRIMARY KEY (index_name, project, version)
) WITHOUT ROWID;
