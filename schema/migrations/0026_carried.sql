-- The steps of exports that were carried to a source of kind `offline`.
CREATE TABLE carried_step (
  -- The source's key.
  source TEXT NOT NULL,
  -- The first step is 1.
  sequence INTEGER NOT NULL,
  -- Random; the same in all steps of a chain.
  chain TEXT NOT NULL,
  -- The SHA-256 of its manifest, in lower-case hex.
  manifest TEXT NOT NULL,
  -- When the export began. Milliseconds since the epoch.
  exported_at INTEGER NOT NULL,
  -- How many members it has.
  members INTEGER NOT NULL,
  -- A JSON array: the projects that are gone with it.
  removed TEXT NOT NULL,
  -- Milliseconds since the epoch.
  begun_at INTEGER NOT NULL,
  -- NULL: it is not whole. At most one step of a source is.
  done_at INTEGER,
  PRIMARY KEY (source, sequence)
) WITHOUT ROWID;

-- The members of the step of a source that is not whole.
CREATE TABLE carried_member (
  source TEXT NOT NULL,
  -- The first is 1.
  number INTEGER NOT NULL,
  -- Of `MEMBER_KINDS` in schema/carried.ts.
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  -- Bytes.
  size INTEGER NOT NULL,
  -- In lower-case hex.
  sha256 TEXT NOT NULL,
  -- 1: it has arrived.
  is_there INTEGER NOT NULL,
  PRIMARY KEY (source, number)
) WITHOUT ROWID;

-- The files that were carried, their metadata and their provenance. A row is added once the object is stored.
CREATE TABLE carried_object (
  source TEXT NOT NULL,
  -- `file`, `metadata` or `provenance`.
  kind TEXT NOT NULL,
  -- The SHA-256 of the file that it is, or is of.
  file TEXT NOT NULL,
  -- Of its bytes, in lower-case hex; the key of the object ends in it.
  sha256 TEXT NOT NULL,
  -- Bytes.
  size INTEGER NOT NULL,
  -- Milliseconds since the epoch.
  stored_at INTEGER NOT NULL,
  PRIMARY KEY (source, kind, file)
) WITHOUT ROWID;

-- The projects that were carried.
CREATE TABLE carried_page (
  source TEXT NOT NULL,
  -- Normalised.
  project TEXT NOT NULL,
  -- Of the member, in lower-case hex; the key of the object ends in it.
  sha256 TEXT NOT NULL,
  -- Bytes.
  size INTEGER NOT NULL,
  -- The step that it came with.
  sequence INTEGER NOT NULL,
  -- When it arrived. Milliseconds since the epoch.
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (source, project)
) WITHOUT ROWID;
