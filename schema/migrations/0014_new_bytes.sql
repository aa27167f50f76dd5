-- The bytes that requests without a token have had stored, by the day: days since the epoch.
CREATE TABLE new_bytes (
  day INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
