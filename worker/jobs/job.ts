import type { IndexConfig } from "../../schema/indexes.ts";
import type { JobResult } from "../../schema/job-results.ts";
import type { Moving } from "../../schema/moving.ts";
import type { Context } from "../repository/context.ts";
import type { MirrorLists, SourceMirror } from "../mirroring/ports.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { FigureSources } from "../repository/figures.ts";
import type { Counters } from "../repository/ports/counters.ts";
import type { History } from "../repository/ports/history.ts";
import type { DeadLetters, Edge, Cleanup, RecentChanges, Retention, Runs } from "../repository/ports/maintenance.ts";
import type { AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";
import type { ForksToWatch, Notices } from "../repository/ports/notices.ts";
import type { OsvExport } from "../repository/ports/osv-export.ts";
import type { Scrubbing } from "../repository/ports/scrub.ts";
import type { StoredObjects } from "../repository/ports/stored-objects.ts";

/** What jobs work with; each takes what it uses. */
export interface JobServices {
  readonly sources: ReadonlyMap<string, MirroredSource>;
  /** Their mirrors, by the same keys. */
  readonly mirrors: ReadonlyMap<string, SourceMirror>;
  readonly mirrorLists: MirrorLists;
  readonly objects: StoredObjects;
  /** Bytes of stored files above which the longest unused are deleted; 0: none are. */
  readonly quota: number;
  /** Bytes of the stores' disk that are left free; 0: none are. */
  readonly freeSpace: number;
  /** As of the platform. */
  readonly freeBytes: () => Promise<number>;
  readonly scrubbing: Scrubbing;
  /** How many objects the clock has read in an hour; 0: none. */
  readonly scrub: number;
  readonly cleanup: Cleanup;
  readonly retention: Retention;
  readonly letters: DeadLetters;
  readonly recent: RecentChanges;
  readonly runs: Runs;
  readonly counters: Pick<Counters, "totals">;
  readonly hosted: FigureSources["hosted"];
  readonly history: History;
  readonly advisoryIndex: AdvisoryIndexStore;
  /** OSV's export; undefined: the index of advisories is not kept by the job. */
  readonly osv: OsvExport | undefined;
  readonly moving: Moving;
  readonly indexes: readonly {
    readonly config: IndexConfig;
    /** The keys of its sources. */ readonly sources: readonly string[];
  }[];
  readonly forks: ForksToWatch;
  readonly notices: Notices;
  /** undefined where no edge cache can be purged. */
  readonly edge?: Edge | undefined;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
}

/** What a person can choose who starts a job. */
export interface JobOptions {
  /** Finds out what the job would do, and changes nothing. */
  readonly dryRun: boolean;
  /** A person started the job: it does not wait for the time that it would wait for otherwise. */
  readonly byHand: boolean;
}

/** Does its work, or plans it, and returns what it did. */
export type Job = (services: JobServices, ctx: Context, options: JobOptions) => Promise<JobResult[]>;
