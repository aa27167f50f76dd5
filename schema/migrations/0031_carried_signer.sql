-- The public key that has signed the manifest of a carried step, as the configuration has it. NULL: the version before has written the row.
ALTER TABLE carried_step ADD COLUMN signed_by TEXT;
