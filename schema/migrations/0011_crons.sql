-- Since when each cron is expected: `job` has when it last ran. A deployment in which one never does is found out by that.
INSERT INTO job (name, ran_at) VALUES
  ('cron:* * * * *', unixepoch() * 1000),
  ('cron:*/5 * * * *', unixepoch() * 1000),
  ('cron:0 * * * *', unixepoch() * 1000);
