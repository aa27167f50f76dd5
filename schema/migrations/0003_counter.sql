-- What all isolates have counted; each adds its own from time to time.
CREATE TABLE counter (
  name TEXT NOT NULL,
  -- A JSON object of strings, its keys sorted.
  labels TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (name, labels)
) WITHOUT ROWID;
