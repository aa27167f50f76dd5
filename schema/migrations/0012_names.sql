-- Names that say what they hold. Renaming keeps all rows.

-- The serial that the change log has announced for the page, where the page is not known to have it; NULL: it is not behind.
ALTER TABLE page RENAME COLUMN wanted TO announced_serial;
DROP INDEX page_wanted;
CREATE INDEX page_behind ON page (source, queued_at, announced_serial) WHERE announced_serial IS NOT NULL;

-- Objects of hosted files that were deleted or replaced.
ALTER TABLE hosted_left RENAME TO unlinked_object;
ALTER TABLE unlinked_object RENAME COLUMN at TO unlinked_at;

-- How often kinds of files are asked for, beside how often projects are.
ALTER TABLE asked RENAME TO kind_popularity;
