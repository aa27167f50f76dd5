import { expect, test } from "vitest";
import { migrateAll, type Migration } from "../../cli/migrate/migrate-all.ts";
import { UnusableFile, type SourceFile } from "../../cli/migrate/source.ts";

/** A file that the index has, or one that cannot be read. */
function file(name: string, isThere: boolean): SourceFile {
  const onDisk = () => Promise.reject(new UnusableFile("It cannot be read."));
  return { filename: name, from: name, sha256: isThere ? "there" : "other", onDisk };
}

const migration = {
  target: {
    find: () =>
      Promise.resolve({ project: "acme", version: "1.0", sha256: "there", isDeleted: false, isYanked: false }),
    yank: () => Promise.resolve(),
  },
  index: "team",
  keepTimes: false,
  show: () => undefined,
} satisfies Omit<Migration, "api">;

test("a migration that gives up after ten failures has what was done, and how many files were not tried", async () => {
  const files = [file("first", true), ...Array.from({ length: 30 }, (_, at) => file(`broken-${at}`, false))];
  const { migrated, left, problem } = await migrateAll(files, { ...migration, api: {} as Migration["api"] });
  expect(migrated.slice(0, 2)).toEqual([
    { filename: "first", from: "first", outcome: "identical", reason: undefined, sent: 0 },
    { filename: "broken-0", from: "broken-0", outcome: "failed", reason: "It cannot be read." },
  ]);
  expect([migrated.length >= 11, migrated.length + left]).toEqual([true, 31]);
  expect(String(problem)).toMatch(/10 files failed one after the other, the last one: It cannot be read\./);
});

test("a migration of which nothing fails leaves nothing", async () => {
  const files = [file("first", true), file("first", true)];
  const progress = await migrateAll(files, { ...migration, api: {} as Migration["api"] });
  expect(progress).toEqual({ migrated: [expect.anything(), expect.anything()], left: 0, problem: undefined });
});
