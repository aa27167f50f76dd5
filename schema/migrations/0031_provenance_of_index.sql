-- Provenance is of a file of an index: an upload to another index neither changes nor supplies it.

CREATE TABLE hosted_provenance_of_index (
  index_name TEXT NOT NULL,
  -- Lower-case hex.
  sha256 TEXT NOT NULL,
  filename TEXT NOT NULL,
  -- The provenance object (PEP 740), as it is served.
  object TEXT NOT NULL,
  -- JSON: who signed it where and when, as it was verified; NULL: a version before this one took the file.
  signer TEXT,
  PRIMARY KEY (index_name, sha256, filename)
) WITHOUT ROWID;

INSERT INTO hosted_provenance_of_index (index_name, sha256, filename, object)
SELECT DISTINCT f.index_name, h.sha256, h.filename, h.object
FROM hosted_provenance AS h JOIN hosted_file AS f ON f.sha256 = h.sha256 AND f.filename = h.filename
WHERE f.object IS NOT NULL OR f.trashed IS NOT NULL;

DROP TABLE hosted_provenance;
ALTER TABLE hosted_provenance_of_index RENAME TO hosted_provenance;
