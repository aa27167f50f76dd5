-- Objects of hosted files that were deleted or replaced. They stay for as long as the database can be restored to the time before.
CREATE TABLE hosted_left (
  -- The key in R2.
  object TEXT PRIMARY KEY,
  -- When a file last ceased to be made of it. Milliseconds since the epoch.
  at INTEGER NOT NULL
) WITHOUT ROWID;
