-- The key that browsers' sessions are sealed with: one row, from the first sign-in on.
CREATE TABLE session_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Random, base64url.
  key TEXT NOT NULL
);

-- The forms of pages that were acted upon within a day, so that none is twice.
CREATE TABLE sent_form (
  -- Random: each form of each page has another one.
  value TEXT PRIMARY KEY,
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL
) WITHOUT ROWID;
