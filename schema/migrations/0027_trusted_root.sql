-- The trusted root by which provenance is verified, where an admin has stored a newer one than the version has.

CREATE TABLE trusted_root (
  -- 0: there is one.
  id INTEGER PRIMARY KEY CHECK (id = 0),
  -- sigstore's trusted_root.json.
  root TEXT NOT NULL,
  -- Where it was taken from: the address of a TUF repository.
  source TEXT NOT NULL,
  -- JSON: what the repository's signed metadata was then, so that no older one is believed later.
  metadata TEXT NOT NULL,
  -- Milliseconds since the epoch.
  taken_at INTEGER NOT NULL
);
