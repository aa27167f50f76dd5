-- What came of verifying the provenance of mirrored files, and what that stands on.

CREATE TABLE provenance (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  filename TEXT NOT NULL,
  -- Of the file that was verified, in lower-case hex; empty: its page gave none.
  sha256 TEXT NOT NULL,
  -- JSON: who signed where and when, or why nothing is proven.
  verdict TEXT NOT NULL,
  -- When the file was uploaded, as its upstream says; NULL: it does not say. Milliseconds since the epoch.
  uploaded_at INTEGER,
  -- The id of the trusted root, and the version of what verifies.
  root TEXT NOT NULL,
  verifier TEXT NOT NULL,
  -- Milliseconds since the epoch.
  judged_at INTEGER NOT NULL,
  PRIMARY KEY (source, project, filename)
) WITHOUT ROWID;

CREATE INDEX provenance_basis ON provenance (source, root, verifier);

-- The provenance of hosted files, which was verified when they were uploaded. It is of bytes and a name, so it goes with a file into other indexes.
CREATE TABLE hosted_provenance (
  -- Lower-case hex.
  sha256 TEXT NOT NULL,
  filename TEXT NOT NULL,
  -- The provenance object (PEP 740), as it is served.
  object TEXT NOT NULL,
  PRIMARY KEY (sha256, filename)
) WITHOUT ROWID;
