import * as z from "zod/mini";
import type { MoveProgress } from "./moving.ts";

/**
 * What a job did, or would do in a dry run: numbers and names, no sentences. `POST /-/api/jobs/NAME` answers with these, and
 * with a sentence for each. `bytes` are bytes, times are milliseconds since the epoch, and `source` is an upstream's name in the
 * configuration where nothing else is said.
 */
export type JobResult =
  | ChangeLogResult
  | PopularityResult
  | ProvenanceResult
  | SweepResult
  | ScrubResult
  | CleanResult
  | PruneResult
  | AdvisoriesResult
  | FiguresResult
  | PurgeResult
  | MirrorResult
  | ResendResult
  | NotifyResult
  | MoveResult;

/** Of the job `feed`. */
type ChangeLogResult =
  /** Projects that the change log names after the serial `since`. */
  | { readonly kind: "change-log-read"; readonly source: string; readonly since: number; readonly projects: number }
  /** It is followed for the first time, or anew: from a little before the serial `last`, at which it ends. */
  | { readonly kind: "change-log-begun"; readonly source: string; readonly last: number }
  | { readonly kind: "change-log-unavailable"; readonly source: string; readonly reason: string }
  | { readonly kind: "change-log-not-due"; readonly source: string; readonly retryAt: number; readonly reason: string }
  /** Another run has read it meanwhile. */
  | { readonly kind: "change-log-overtaken"; readonly source: string }
  /** Dry run: what would be asked for, `since` null: where the change log ends; and the pages that could be queued already. */
  | {
      readonly kind: "change-log-planned";
      readonly source: string;
      readonly since: number | null;
      readonly pages: number;
    }
  | { readonly kind: "pages-queued"; readonly source: string; readonly pages: number }
  | {
      readonly kind: "change-log-failed";
      readonly source: string;
      readonly step: "read" | "queue" | "plan";
      readonly reason: string;
    }
  | { readonly kind: "no-change-log" };

/** Of the jobs `refresh` and `forget`. */
type PopularityResult =
  | { readonly kind: "popular-due"; readonly source: string; readonly popular: number; readonly due: number }
  /** Projects and kinds of files whose counts were deleted; null in a dry run, which does not count them. */
  | {
      readonly kind: "unpopular-forgotten";
      readonly source: string;
      readonly projects: number | null;
      readonly kinds: number | null;
    }
  /** `POPULAR` is 0. */
  | { readonly kind: "not-counted"; readonly source: string };

/** Of the job `verdicts`. */
type ProvenanceResult =
  | { readonly kind: "provenance-queued"; readonly source: string; readonly projects: number }
  /** The reason is a sentence. */
  | { readonly kind: "provenance-unverifiable"; readonly source: string; readonly reason: string };

/** Of the job `sweep`. */
type SweepResult =
  /** `quota` in bytes; 0: there is none. */
  | { readonly kind: "stored"; readonly objects: number; readonly bytes: number; readonly quota: number }
  /** The source could not say whether it still has the project, so that its files stay. */
  | { readonly kind: "project-undecided"; readonly source: string; readonly project: string; readonly reason: string }
  /** Files of projects that are gone upstream. */
  | { readonly kind: "gone-deleted"; readonly objects: number; readonly bytes: number }
  | { readonly kind: "unused-deleted"; readonly objects: number; readonly bytes: number }
  /** What no object could be deleted for in this run. */
  | { readonly kind: "above-quota"; readonly bytes: number }
  /** The disk has less room than is to be left free, both in bytes. */
  | { readonly kind: "little-room"; readonly free: number; readonly wanted: number }
  /** Of that room, what no object could be deleted for in this run. */
  | { readonly kind: "room-missing"; readonly bytes: number }
  /** Dry run: one of the objects that would be deleted; `usedAt` null where its uses are not known. */
  | { readonly kind: "object-named"; readonly key: string; readonly bytes: number; readonly usedAt: number | null }
  /** `source` as it is in keys: the upstream's address, percent-encoded. */
  | { readonly kind: "source-unconfigured"; readonly source: string; readonly objects: number; readonly bytes: number }
  /** Objects compared with the database: rows that were added or corrected, and rows of objects that are gone. */
  | { readonly kind: "reconciled"; readonly objects: number; readonly corrected: number; readonly gone: number };

/** Of the job `prune`. */
type PruneResult =
  /** A release was moved into the trash; `reason` is the key of `keep`. */
  | {
      readonly kind: "release-pruned";
      readonly index: string;
      readonly project: string;
      readonly version: string;
      readonly reason: "dev" | "prerelease" | "per_project";
      readonly files: number;
      readonly bytes: number;
    }
  /** All releases of the run, in this index; `isDone` false: there may be more, which the next run takes. */
  | { readonly kind: "releases-pruned"; readonly index: string; readonly releases: number; readonly isDone: boolean }
  /** Uses are known since `since` only, so that nothing can be said to be unused before `until`. */
  | { readonly kind: "uses-unknown"; readonly index: string; readonly since: number; readonly until: number }
  | { readonly kind: "prune-not-due"; readonly dueAt: number }
  /** No index has `keep`. */
  | { readonly kind: "all-kept" };

/** Of the job `scrub`. */
type ScrubResult =
  /** Objects that were read, and those of them that were damaged. */
  | {
      readonly kind: "scrubbed";
      readonly objects: number;
      readonly bytes: number;
      readonly damaged: number;
      readonly damagedHosted: number;
      /** Whether a round over all objects has ended with these. */
      readonly isWhole: boolean;
    }
  /** `SCRUB` is 0. */
  | { readonly kind: "scrub-off" };

/** Of the job `figures`: how many were read. */
interface FiguresResult {
  readonly kind: "figures-recorded";
  readonly figures: number;
}

/** Of the job `clean`; it names objects as well. */
type CleanResult =
  | {
      readonly kind: "upload-objects-deleted";
      readonly checked: number;
      readonly objects: number;
      readonly bytes: number;
    }
  /** Files of a release that can no longer be restored. */
  | {
      readonly kind: "trash-emptied";
      readonly index: string;
      readonly project: string;
      readonly version: string;
      readonly files: number;
    }
  /** Objects under `prefix` that look abandoned stay, since the database's answer about them is not reliable. */
  | {
      readonly kind: "upload-objects-kept";
      readonly prefix: "hosted/" | "staging/";
      readonly reason: "incomplete-answer" | "no-files-in-database";
    }
  /** An upload stays although it looks abandoned; `reason` is the store's message. */
  | { readonly kind: "upload-not-cancelled"; readonly filename: string; readonly reason: string }
  | { readonly kind: "uploads-cancelled"; readonly uploads: number }
  /** Dry run: an upload that would be cancelled. */
  | { readonly kind: "upload-named"; readonly filename: string }
  | { readonly kind: "tokens-deleted"; readonly tokens: number };

/** Of the job `advisories`. */
type AdvisoriesResult =
  /** What the index has now; records that say something else than before, or are new, and records that are gone. */
  | {
      readonly kind: "advisories-synced";
      readonly records: number;
      readonly entries: number;
      readonly changed: number;
      readonly gone: number;
    }
  /** Records that cannot be read: what was known of them stays. `ids` are the first of them. */
  | { readonly kind: "advisories-unreadable"; readonly records: number; readonly ids: readonly string[] }
  /** The export would have lost too much; the index stays as it was. */
  | { readonly kind: "advisories-refused"; readonly reason: string }
  /** The export could not be read; the index stays as it was. */
  | { readonly kind: "advisories-failed"; readonly reason: string }
  /** `OSV` is empty. */
  | { readonly kind: "advisories-not-kept" };

/** Of the job `purge`. */
type PurgeResult =
  | { readonly kind: "edge-purged"; readonly projects: number | "all" }
  /** There is no edge cache, or the job was started by a request, which cannot purge it. */
  | { readonly kind: "edge-unreachable" };

/** Of the job `mirror`. */
type MirrorResult =
  /** A run of its mirror was queued. */
  | { readonly kind: "mirror-queued"; readonly source: string }
  /** No mirror has anything to do, or each that has is being worked on, or waits. */
  | { readonly kind: "mirrors-idle" };

/** Of the jobs `replay` and `discard`. */
type ResendResult =
  | { readonly kind: "messages-resent"; readonly queue: string; readonly messages: number }
  | { readonly kind: "messages-discarded"; readonly queue: string; readonly messages: number }
  /** The queue did not accept a message: it, and those not sent yet, are kept. */
  | { readonly kind: "queue-refused"; readonly queue: string; readonly reason: string }
  | { readonly kind: "no-dead-letters" };

/** Of the jobs `watch` and `notify`. */
type NotifyResult =
  /** What there is to tell, told before or not. */
  | { readonly kind: "notices-found"; readonly notices: number }
  /** What receivers are told of, and the messages to them. */
  | { readonly kind: "notices-queued"; readonly notices: number; readonly messages: number }
  /** `NOTIFY` is empty. */
  | { readonly kind: "no-receivers" };

/** Of the jobs `move-out` and `move-in`: what they have done so far, in this run and those before. */
type MoveResult = ({ readonly kind: "moved-out" } | { readonly kind: "moved-in" }) & MoveProgress;

/** The answer of `POST /-/api/jobs/{name}`: a sentence for each result, and the results, of which only `kind` is the same in all. */
export const jobAnswer = z.object({
  job: z.string(),
  did: z.array(z.string()),
  results: z.array(z.looseObject({ kind: z.string() })),
});
