-- The public key that has signed the manifest of a carried step, as the configuration has it. NULL: the version before has written the row.
ALTER TABLE carried_step ADD COLUMN signed_by TEXT;

-- What every page of a step is asked for: whether the advisories or lists of the step are missing. It has two rows at most.
CREATE INDEX carried_member_rules ON carried_member (source, kind) WHERE is_there = 0 AND kind IN ('advisories', 'lists');
