import { expect, test } from "vitest";
import type { JobResult } from "../../schema/job-results.ts";
import { sentencesOf } from "../../worker/http/api/job-sentences.ts";
import { Rig } from "../support/rig.ts";

const at = Date.parse("2026-11-22T12:00:00Z");

/** Each kind of result, its sentence, and the one of a dry run where that is another. */
const CASES: readonly (readonly [result: JobResult, sentence: string, dry?: string])[] = [
  [{ kind: "change-log-read", source: "pypi", since: 7, projects: 1 }, "pypi: 1 project changed since serial 7."],
  [
    { kind: "change-log-begun", source: "pypi", last: 7 },
    "pypi: its change log ends at serial 7; it is followed from a little before that.",
  ],
  [
    { kind: "change-log-unavailable", source: "pypi", reason: "it is away" },
    "pypi: its change log cannot be followed: it is away.",
  ],
  [
    { kind: "change-log-not-due", source: "pypi", retryAt: at, reason: "it is away" },
    "pypi: its change log is not read before 2026-11-22T12:00:00.000Z: it is away.",
  ],
  [{ kind: "change-log-overtaken", source: "pypi" }, "pypi: another run has just read its change log."],
  [
    { kind: "change-log-planned", source: "pypi", since: null, pages: 1 },
    "pypi: the job would ask where its change log ends; 1 outdated page could be queued already.",
  ],
  [{ kind: "pages-queued", source: "pypi", pages: 1_234 }, "pypi: 1,234 outdated pages were queued."],
  [
    { kind: "change-log-failed", source: "pypi", step: "queue", reason: "D1 is away" },
    "pypi: its outdated pages could not be queued: D1 is away",
  ],
  [
    { kind: "no-change-log" },
    "No upstream's change log is followed here: FEED is false, or no upstream has one. pypi-edge serve follows them with --feed.",
  ],
  [
    { kind: "no-receivers" },
    "There are no receivers, so nothing was done. A receiver is a [[vars.NOTIFY]] in the configuration, with its url and the name of its secret.",
  ],
  [
    { kind: "popular-due", source: "pypi", popular: 2, due: 1 },
    "pypi: 2 popular projects, 1 due, queued.",
    "pypi: 2 popular projects, 1 due.",
  ],
  [
    { kind: "unpopular-forgotten", source: "pypi", projects: 1, kinds: 2 },
    "pypi: the counts of 1 project and 2 kinds of files were deleted: no client has asked for them in six weeks.",
  ],
  [{ kind: "not-counted", source: "pypi" }, "pypi: POPULAR is 0, so that nothing is counted, and no page is queued."],
  [{ kind: "stored", objects: 1, bytes: 1_500, quota: 0 }, "1 object (1.5 kB) is stored; there is no quota."],
  [
    { kind: "project-undecided", source: "pypi", project: "demo", reason: "it is away" },
    "pypi could not say whether it still has demo, so that its files stay: it is away",
  ],
  [
    { kind: "gone-deleted", objects: 1, bytes: 10 },
    "1 object (10 B) of projects that are gone upstream was deleted.",
    "1 object (10 B) of projects that are gone upstream would be deleted, if their sources confirm it.",
  ],
  [
    { kind: "unused-deleted", objects: 2, bytes: 10 },
    "2 objects (10 B) that had been unused for the longest time were deleted.",
    "2 objects (10 B) that had been unused for the longest time would be deleted.",
  ],
  [{ kind: "little-room", free: 5e8, wanted: 1e9 }, "The disk has room for 500.0 MB; 1.0 GB are to be left free."],
  [
    { kind: "room-missing", bytes: 5e8 },
    "Room for 500.0 MB is still missing: what is stored was used recently, or the next run deletes it, or other files fill the disk.",
  ],
  [
    { kind: "above-quota", bytes: 2e9 },
    "2.0 GB above the quota stay for now: they were used recently, or the next run deletes them.",
  ],
  [{ kind: "object-named", key: "file/a", bytes: 8, usedAt: at }, "file/a, 8 B, last used 2026-11-22T12:00:00.000Z"],
  [
    { kind: "source-unconfigured", source: "old", objects: 2, bytes: 8 },
    "2 objects (8 B) are of the source old, which is no longer configured; each is deleted when it has been unused for the longest time.",
  ],
  [
    { kind: "reconciled", objects: 3, corrected: 1, gone: 0 },
    "3 stored objects were compared with the database: 1 row added or corrected, 0 deleted.",
  ],
  [
    { kind: "upload-objects-deleted", checked: 8, objects: 3, bytes: 30 },
    "3 of 8 objects of uploads (30 B) belong to no file; they were deleted.",
    "3 of 8 objects of uploads (30 B) belong to no file; they would be deleted.",
  ],
  [
    { kind: "upload-objects-deleted", checked: 1, objects: 0, bytes: 0 },
    "1 object of uploads was checked; there is none to delete.",
  ],
  [
    { kind: "upload-objects-kept", prefix: "staging/", reason: "incomplete-answer" },
    "No more objects below staging/ are deleted: the database answered for only some of them.",
  ],
  [
    { kind: "upload-objects-kept", prefix: "hosted/", reason: "no-files-in-database" },
    "No more objects below hosted/ are deleted: the database has no files at all, so it may have lost them.",
  ],
  [
    { kind: "upload-not-cancelled", filename: "demo-1.0.tar.gz", reason: "R2 is away" },
    "The upload of demo-1.0.tar.gz could not be cancelled: R2 is away",
  ],
  [
    { kind: "uploads-cancelled", uploads: 1 },
    "1 unfinished upload that began more than a day ago was cancelled.",
    "1 unfinished upload that began more than a day ago would be cancelled.",
  ],
  [{ kind: "upload-named", filename: "demo-1.0.tar.gz" }, "demo-1.0.tar.gz"],
  [
    { kind: "tokens-deleted", tokens: 1 },
    "1 token that ended long ago was deleted.",
    "1 token that ended long ago would be deleted.",
  ],
  [
    { kind: "advisories-synced", records: 24_500, entries: 24_700, changed: 3, gone: 1 },
    "24,500 records of OSV are loaded, with 24,700 entries on projects: 3 new or changed, 1 gone.",
    "24,500 records of OSV would be loaded, with 24,700 entries on projects: 3 new or changed, 1 gone.",
  ],
  [
    { kind: "advisories-unreadable", records: 2, ids: ["A-1"] },
    "2 records cannot be read, and count as they did before: A-1, …",
  ],
  [
    { kind: "advisories-refused", reason: "it is small" },
    "The export was refused, and the advisories stay as they were: it is small. If that is right, load it with pypi-edge osv load --fewer.",
  ],
  [
    { kind: "advisories-failed", reason: "it is away" },
    "The export cannot be read, and the advisories stay as they were: it is away",
  ],
  [{ kind: "advisories-not-kept" }, "OSV is empty: advisories are loaded by hand, with pypi-edge osv load."],
  [
    { kind: "edge-purged", projects: "all" },
    "All answers were purged from the edge cache.",
    "All answers would be purged from the edge cache.",
  ],
  [
    { kind: "edge-purged", projects: 1 },
    "The answers of 1 project were purged from the edge cache.",
    "The answers of 1 project would be purged from the edge cache.",
  ],
  [{ kind: "edge-unreachable" }, "No edge cache can be reached from here; nothing was purged."],
  [
    { kind: "messages-resent", queue: "fills", messages: 2 },
    "2 messages were sent to the queue fills again.",
    "2 messages would be sent to the queue fills again.",
  ],
  [
    { kind: "messages-discarded", queue: "fills", messages: 1 },
    "1 message of the queue fills was discarded.",
    "1 message of the queue fills would be discarded.",
  ],
  [
    { kind: "queue-refused", queue: "fills", reason: "it is away" },
    "The queue fills did not accept a message: it is away. It is kept, and so are those that were not sent yet.",
  ],
  [{ kind: "no-dead-letters" }, "There are no dead letters."],
];

test.each(CASES.map(([result, sentence, dry = sentence]) => ({ result, sentence, dry })))(
  "the result $result.kind becomes the sentence: $sentence",
  ({ result, sentence, dry }) => {
    expect([sentencesOf([result], false), sentencesOf([result], true)]).toEqual([[sentence], [dry]]);
  },
);

test("no result becomes the sentence that there was nothing to do", () => {
  expect(sentencesOf([], false)).toEqual(["There was nothing to do."]);
});

test.each([
  ["feed", { kind: "no-change-log" }],
  ["refresh", { kind: "popular-due", source: "pypi", popular: 0, due: 0 }],
  ["forget", { kind: "unpopular-forgotten", source: "pypi", projects: 0, kinds: 0 }],
  ["sweep", { kind: "stored", objects: 0, bytes: 0, quota: 0 }],
  ["clean", { kind: "upload-objects-deleted", checked: 0, objects: 0, bytes: 0 }],
  ["advisories", { kind: "advisories-not-kept" }],
  ["purge", { kind: "edge-unreachable" }],
  ["replay", { kind: "no-dead-letters" }],
  ["discard", { kind: "no-dead-letters" }],
] as const)("the job %s answers with its results, and with a sentence for each", async (job, first) => {
  const { status, text } = await new Rig().post(`jobs/${job}`);
  const answer = JSON.parse(text()) as { job: string; did: string[]; results: JobResult[] };
  expect([status, answer.job, answer.results[0]]).toEqual([200, job, first]);
  expect(answer.did).toEqual(sentencesOf(answer.results, false));
});
