-- Messages that their queue gave up, until somebody has them sent again.
CREATE TABLE dead_letter (
  -- The platform's: a message that is delivered twice is kept once.
  id TEXT PRIMARY KEY,
  -- The queue it was sent to.
  queue TEXT NOT NULL,
  -- JSON.
  body TEXT NOT NULL,
  -- Milliseconds since the epoch.
  died_at INTEGER NOT NULL
) WITHOUT ROWID;

-- When jobs that go on where they ended last did their work.
CREATE TABLE job (
  name TEXT PRIMARY KEY,
  -- Milliseconds since the epoch.
  ran_at INTEGER NOT NULL
) WITHOUT ROWID;
