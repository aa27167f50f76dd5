-- Releases that are an upstream's with patches. A row is added with the first file of its release, in the same transaction, and never changed.
CREATE TABLE fork (
  index_name TEXT NOT NULL,
  -- Normalised.
  project TEXT NOT NULL,
  -- Normalised (PEP 440), with its local label.
  version TEXT NOT NULL,
  -- The upstream's release, and the file of it that the patches were applied to, with its SHA-256 in lower-case hex.
  base_version TEXT NOT NULL,
  base_filename TEXT NOT NULL,
  base_sha256 TEXT NOT NULL,
  -- A JSON array in the order in which they were applied: name, sha256, content in base64; at most 512 KiB together.
  patches TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Milliseconds since the epoch.
  created_at INTEGER NOT NULL,
  -- As in the audit log.
  created_by TEXT NOT NULL,
  created_by_name TEXT NOT NULL,
  PRIMARY KEY (index_name, project, version)
) WITHOUT ROWID;
