-- Forks whose upstream had a newer final release when the job `watch` last looked.
CREATE TABLE outdated_fork (
  index_name TEXT NOT NULL,
  project TEXT NOT NULL,
  version TEXT NOT NULL,
  -- That release.
  newest TEXT NOT NULL,
  PRIMARY KEY (index_name, project, version)
) WITHOUT ROWID;
