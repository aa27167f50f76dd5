-- How often projects' pages are asked for. What was asked long ago counts for less and less.
CREATE TABLE popularity (
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  -- Each request adds 2 to the power of the weeks since 2026-01-01: scores of any two moments can be compared as they are.
  score REAL NOT NULL,
  -- When the page was last queued to be checked, in milliseconds since the epoch.
  planned_at INTEGER,
  PRIMARY KEY (source, project)
) WITHOUT ROWID;

CREATE INDEX popularity_score ON popularity (source, score);

-- Which kinds of files are asked for, their scores made in the same way.
CREATE TABLE asked (
  source TEXT NOT NULL,
  -- Such as cp312-manylinux_x86_64, py3-any, sdist.
  kind TEXT NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (source, kind)
) WITHOUT ROWID;
