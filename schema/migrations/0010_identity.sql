-- Files whose names do not lead to the project whose page lists them: where a file is asked for, its page must be found first.
CREATE TABLE stray (
  source TEXT NOT NULL,
  -- The file's `{origin}/{path}`, decoded.
  address TEXT NOT NULL,
  project TEXT NOT NULL,
  PRIMARY KEY (source, address, project)
) WITHOUT ROWID;

CREATE INDEX stray_project ON stray (source, project);
