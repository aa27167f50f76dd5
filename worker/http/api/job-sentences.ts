import type { JobResult } from "../../../schema/job-results.ts";
import { mayBeMissing } from "../../../schema/moving.ts";
import { counted } from "../../pypi/counted.ts";
import { sizeText } from "../../pypi/size-text.ts";

/** What `POST /-/api/jobs/NAME` says of each result of a job, in order; of none, that there was nothing to do. */
export function sentencesOf(results: readonly JobResult[], dryRun: boolean): string[] {
  if (results.length === 0) return ["There was nothing to do."];
  return results.map((result) => sentenceOf(result, dryRun));
}

type Kind = JobResult["kind"];
type Sentence<Of extends Kind> = (result: Extract<JobResult, { readonly kind: Of }>, dryRun: boolean) => string;

/** What to do where `NOTIFY` is empty. */
export const HOW_TO_ADD_A_RECEIVER =
  "A receiver is a [[vars.NOTIFY]] in the configuration, with its url and the name of its secret.";

const SENTENCES: { readonly [Of in Kind]: Sentence<Of> } = {
  "change-log-read": ({ source, since, projects }) =>
    `${source}: ${counted(projects, "project")} changed since serial ${since}.`,
  "change-log-begun": ({ source, last }) =>
    `${source}: its change log ends at serial ${last}; it is followed from a little before that.`,
  "change-log-unavailable": ({ source, reason }) => `${source}: its change log cannot be followed: ${reason}.`,
  "change-log-not-due": ({ source, retryAt, reason }) =>
    `${source}: its change log is not read before ${date(retryAt)}: ${reason}.`,
  "change-log-overtaken": ({ source }) => `${source}: another run has just read its change log.`,
  "change-log-planned": ({ source, since, pages }) =>
    `${source}: the job would ask ${since === null ? "where its change log ends" : `what has changed since serial ${since}`}; ${counted(pages, "outdated page")} could be queued already.`,
  "pages-queued": ({ source, pages }) => `${source}: ${counted(pages, "outdated page")} ${was(pages)} queued.`,
  "change-log-failed": ({ source, step, reason }) => `${source}: ${FAILED[step]}: ${reason}`,
  "no-change-log": () =>
    "No upstream's change log is followed here: FEED is false, or no upstream has one. pypi-edge serve follows them with --feed.",

  "popular-due": ({ source, popular, due }, dryRun) =>
    `${source}: ${counted(popular, "popular project")}, ${due === 0 ? "none due" : `${due} due${dryRun ? "" : ", queued"}`}.`,
  "unpopular-forgotten": ({ source, projects, kinds }) =>
    projects === null || kinds === null
      ? `${source}: the counts of projects and kinds of files that no client has asked for in six weeks would be deleted.`
      : `${source}: the counts of ${counted(projects, "project")} and ${counted(kinds, "kind")} of files were deleted: no client has asked for them in six weeks.`,
  "provenance-queued": ({ source, projects }, dryRun) =>
    `${source}: the provenance of ${counted(projects, "project")} ${was(projects, dryRun)} queued to be verified anew.`,
  "provenance-unverifiable": ({ source, reason }) => `${source}: ${reason}`,
  "not-counted": ({ source }) => `${source}: POPULAR is 0, so that nothing is counted, and no page is queued.`,

  stored: ({ objects, bytes, quota }) =>
    `${amount(objects, bytes)} ${is(objects)} stored; ${quota === 0 ? "there is no quota" : `the quota is ${sizeText(quota)}`}.`,
  "project-undecided": ({ source, project, reason }) =>
    `${source} could not say whether it still has ${project}, so that its files stay: ${reason}`,
  "gone-deleted": ({ objects, bytes }, dryRun) =>
    dryRun
      ? `${amount(objects, bytes)} of projects that are gone upstream would be deleted, if their sources confirm it.`
      : `${amount(objects, bytes)} of projects that are gone upstream ${was(objects)} deleted.`,
  "unused-deleted": ({ objects, bytes }, dryRun) =>
    `${amount(objects, bytes)} that had been unused for the longest time ${was(objects, dryRun)} deleted.`,
  "above-quota": ({ bytes }) =>
    `${sizeText(bytes)} above the quota ${bytes === 1 ? "stays" : "stay"} for now: they were used recently, or the next run deletes them.`,
  "little-room": ({ free, wanted }) =>
    `The disk has room for ${sizeText(free)}; ${sizeText(wanted)} are to be left free.`,
  "room-missing": ({ bytes }) =>
    `Room for ${sizeText(bytes)} is still missing: what is stored was used recently, or the next run deletes it, or other files fill the disk.`,
  "object-named": ({ key, bytes, usedAt }) =>
    `${key}, ${sizeText(bytes)}${usedAt === null ? "" : `, last used ${date(usedAt)}`}`,
  "source-unconfigured": ({ source, objects, bytes }) =>
    `${amount(objects, bytes)} ${is(objects)} of the source ${source}, which is no longer configured; each is deleted when it has been unused for the longest time.`,
  reconciled: ({ objects, corrected, gone }) =>
    `${counted(objects, "stored object")} ${was(objects)} compared with the database: ${counted(corrected, "row")} added or corrected, ${gone} deleted.`,

  scrubbed: ({ objects, bytes, damaged, damagedHosted, isWhole }) =>
    `${amount(objects, bytes)} ${was(objects)} read: ${damaged} damaged and deleted, to be fetched again; ${damagedHosted} hosted damaged, which stay.${isWhole ? " With these, all that is stored was read." : ""}`,
  "scrub-off": () => "SCRUB is 0, so that the clock has nothing read.",

  "figures-recorded": ({ figures }, dryRun) => `${counted(figures, "figure")} ${was(figures, dryRun)} recorded.`,

  "release-pruned": ({ index, project, version, reason, files, bytes }) =>
    `${project} ${version} in ${index} (${counted(files, "file")}, ${sizeText(bytes)}): ${PRUNED[reason]}`,
  "releases-pruned": ({ index, releases, isDone }, dryRun) =>
    `${index}: ${counted(releases, "release")} ${was(releases, dryRun)} moved into the trash, where ${releases === 1 ? "it" : "they"} can be restored for 30 days.${isDone ? "" : " There may be more: the next run goes on."}`,
  "uses-unknown": ({ index, since, until }) =>
    `${index}: downloads are known since ${date(since)} only, so nothing is moved into the trash before ${date(until)}.`,
  "prune-not-due": ({ dueAt }) => `Releases are next looked at after ${date(dueAt)}.`,
  "all-kept": () => "No index has rules for which releases it keeps: all of them stay.",

  "trash-emptied": ({ index, project, version, files }, dryRun) =>
    `${counted(files, "deleted file")} of ${project} ${version} in ${index} ${was(files, dryRun)} taken out of the trash: ${files === 1 ? "it" : "they"} can no longer be restored.`,
  "upload-objects-deleted": ({ checked, objects, bytes }, dryRun) => {
    const all = counted(checked, "object");
    if (objects === 0) return `${all} of uploads ${was(checked)} checked; there is none to delete.`;
    const one = objects === 1;
    return `${objects} of ${all} of uploads (${sizeText(bytes)}) ${one ? "belongs" : "belong"} to no file; ${one ? "it" : "they"} ${was(objects, dryRun)} deleted.`;
  },
  "upload-objects-kept": ({ prefix, reason }) => `No more objects below ${prefix} are deleted: ${KEPT[reason]}.`,
  "uploads-cancelled": ({ uploads }, dryRun) =>
    `${counted(uploads, "unfinished upload")} that began more than a day ago ${was(uploads, dryRun)} cancelled.`,
  "upload-not-cancelled": ({ filename, reason }) => `The upload of ${filename} could not be cancelled: ${reason}`,
  "upload-named": ({ filename }) => filename,
  "tokens-deleted": ({ tokens }, dryRun) =>
    `${counted(tokens, "token")} that ended long ago ${was(tokens, dryRun)} deleted.`,

  "advisories-synced": ({ records, entries, changed, gone }, dryRun) =>
    `${counted(records, "record")} of OSV ${dryRun ? "would be" : is(records)} loaded, with ${counted(entries, "entry", "entries")} on projects: ${changed.toLocaleString("en")} new or changed, ${gone.toLocaleString("en")} gone.`,
  "advisories-unreadable": ({ records, ids }) =>
    `${counted(records, "record")} cannot be read, and ${records === 1 ? "counts as it" : "count as they"} did before: ${ids.join(", ")}${ids.length < records ? ", …" : ""}`,
  "advisories-refused": ({ reason }) =>
    `The export was refused, and the advisories stay as they were: ${reason}. If that is right, load it with pypi-edge osv load --fewer.`,
  "advisories-failed": ({ reason }) => `The export cannot be read, and the advisories stay as they were: ${reason}`,
  "advisories-not-kept": () => "OSV is empty: advisories are loaded by hand, with pypi-edge osv load.",

  "edge-purged": ({ projects }, dryRun) =>
    projects === "all"
      ? `All answers ${was(2, dryRun)} purged from the edge cache.`
      : `The answers of ${counted(projects, "project")} ${was(2, dryRun)} purged from the edge cache.`,
  "edge-unreachable": () => "No edge cache can be reached from here; nothing was purged.",

  "mirror-queued": ({ source }, dryRun) => `${source}: its mirror ${was(1, dryRun)} queued to be gone on with.`,
  "mirrors-idle": () => "No mirror has anything to do now that is not being done.",

  "notices-found": ({ notices }) =>
    `There is something to tell receivers of ${counted(notices, "matter")}; each is told once.`,
  "notices-queued": ({ notices, messages }, dryRun) =>
    `${counted(notices, "notice")} ${was(notices, dryRun)} queued for receivers, in ${counted(messages, "message")}.`,
  "no-receivers": () => `There are no receivers, so nothing was done. ${HOW_TO_ADD_A_RECEIVER}`,

  "moved-out": ({ isDone, late, ...moved }) => {
    if (!isDone) return `${contents(moved)} are in the move folder so far; the next run goes on.`;
    return `${contents(moved)} are in the move folder. ${late > 0 ? mayBeMissing(late) : "Copy the bucket now."}`;
  },
  "moved-in": ({ isDone, left, ...moved }) =>
    `${contents(moved)} are moved in${isDone ? "" : " so far; the next run goes on"}.${left > 0 ? ` ${amountLeft(left)}` : ""}`,

  "messages-resent": ({ queue, messages }, dryRun) =>
    `${counted(messages, "message")} ${was(messages, dryRun)} sent to the queue ${queue} again.`,
  "messages-discarded": ({ queue, messages }, dryRun) =>
    `${counted(messages, "message")} of the queue ${queue} ${was(messages, dryRun)} discarded.`,
  "queue-refused": ({ queue, reason }) =>
    `The queue ${queue} did not accept a message: ${reason}. It is kept, and so are those that were not sent yet.`,
  "no-dead-letters": () => "There are no dead letters.",
};

const FAILED = {
  read: "its change log could not be read",
  queue: "its outdated pages could not be queued",
  plan: "the database could not be read",
} as const;

const PRUNED = {
  dev: "a development release that is older than keep.dev",
  prerelease: "a pre-release that is older than keep.prerelease",
  per_project: "older than the newest ones of its kind, as many as keep.per_project says",
} as const;

const KEPT = {
  "incomplete-answer": "the database answered for only some of them",
  "no-files-in-database": "the database has no files at all, so it may have lost them",
} as const;

function sentenceOf<Of extends Kind>(result: Extract<JobResult, { readonly kind: Of }>, dryRun: boolean): string {
  const sentence: Sentence<Of> = SENTENCES[result.kind];
  return sentence(result, dryRun);
}

const is = (count: number) => (count === 1 ? "is" : "are");

const was = (count: number, dryRun = false) => (dryRun ? "would be" : count === 1 ? "was" : "were");

const date = (time: number) => new Date(time).toISOString();

const contents = ({
  rows,
  objects,
  bytes,
  values,
}: Readonly<Record<"rows" | "objects" | "bytes" | "values", number>>) =>
  `${counted(rows, "row")}, ${amount(objects, bytes)} and ${counted(values, "page")}`;

const amountLeft = (left: number) =>
  `${counted(left, "mirrored file")} ${was(left)} left out, because their bytes are not as they were; they are fetched again.`;

const amount = (objects: number, bytes: number) => `${counted(objects, "object")} (${sizeText(bytes)})`;
