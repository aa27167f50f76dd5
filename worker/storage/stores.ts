import type { FileMemory, Platform } from "../platform/platform.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Context } from "../repository/context.ts";
import type { Document } from "../repository/document.ts";
import type { Page, Queries } from "../repository/page.ts";
import { MAX_IN_MEMORY } from "../repository/ports/hosted-packages.ts";
import type { ReplacingParts } from "../repository/ports/files.ts";
import type { PageChange } from "../repository/ports/pages.ts";
import { freshness, type LastRevalidation } from "./cache/freshness.ts";
import { absentNamesIn } from "./cache/absent-names.ts";
import { readmesIn } from "./cache/readmes.ts";
import { storeCopiesIn } from "./cache/store-copies.ts";
import { advisoryRowIn } from "./d1/advisory-index.ts";
import { askedForIn } from "./d1/asked-for.ts";
import { auditLogIn } from "./d1/audit-log.ts";
import { carriedEntriesIn } from "./d1/carried-entries.ts";
import { carriedIn } from "./d1/carried.ts";
import { carriedStepsIn } from "./d1/carried-steps.ts";
import { catalogOf } from "./d1/catalog.ts";
import { changedFilesIn } from "./d1/changed-files.ts";
import { changeLogPositionIn } from "./d1/change-log-position.ts";
import { countersIn } from "./d1/counters.ts";
import { deadLettersIn } from "./d1/dead-letters.ts";
import { fileFactsIn } from "./d1/file-facts.ts";
import { fileUsesIn } from "./d1/file-uses.ts";
import { forksIn } from "./d1/forks.ts";
import { historyIn } from "./d1/history.ts";
import { hostedAmountsIn } from "./d1/hosted-amounts.ts";
import { hostedProvenanceIn, trustedJobsIn } from "./d1/hosted-provenance.ts";
import { jobRunsIn } from "./d1/job-runs.ts";
import { mirrorContentsIn } from "./d1/mirror-contents.ts";
import { mirrorListsIn } from "./d1/mirror-lists.ts";
import { mirrorWorkIn } from "./d1/mirror-work.ts";
import { noticesIn } from "./d1/notices.ts";
import { newBytesIn } from "./d1/new-bytes.ts";
import { policyEntriesIn } from "./d1/policy-entries.ts";
import { pageChangesIn } from "./d1/page-changes.ts";
import { pagesBehindIn } from "./d1/pages-behind.ts";
import { demandIn, popularityIn, type PopularityParts } from "./d1/popularity.ts";
import { projectUsesIn } from "./d1/project-uses.ts";
import { knownProjectsIn } from "./d1/known-projects.ts";
import { publishersIn } from "./d1/publishers.ts";
import { sentFormsIn } from "./d1/sent-forms.ts";
import { endedSessionsIn } from "./d1/ended-sessions.ts";
import { sessionKeyIn } from "./d1/session-key.ts";
import { publishTransactionIn } from "./d1/publish-transaction.ts";
import { verdictsIn } from "./d1/provenance-verdicts.ts";
import { recentChangesIn } from "./d1/recent-changes.ts";
import { hostedUsesIn, releaseUsesIn } from "./d1/release-uses.ts";
import { releasesIn } from "./d1/releases.ts";
import { storedFilesIn } from "./d1/stored-files.ts";
import { storedListingIn } from "./d1/stored-listing.ts";
import { strayFilesIn } from "./d1/stray-files.ts";
import { tokensIn } from "./d1/tokens.ts";
import { trustedRootIn } from "./d1/trusted-root.ts";
import { trashIn } from "./d1/trash.ts";
import { uploadSessionsIn } from "./d1/upload-sessions.ts";
import { verificationsIn, verificationWorkIn } from "./d1/verifications.ts";
import { confirmationIn } from "./d1/confirmation.ts";
import { freshId, keysOf, listKeys, sharedKeys, storedRef } from "./keys.ts";
import { documentStore } from "./kv/documents.ts";
import { mergedPagesIn, type StoredMergedPage } from "./kv/merged-pages.ts";
import { pageStore } from "./kv/pages.ts";
import { queryStore } from "./kv/signed-urls.ts";
import { Memory, scopedTo } from "./memory.ts";
import { fillQueue } from "./queues/fills.ts";
import { mirrorQueue } from "./queues/mirrors.ts";
import { noticeQueue } from "./queues/notices.ts";
import { refreshQueue } from "./queues/refreshes.ts";
import { movingIn } from "./moving/moving.ts";
import { advisoryIndexIn, findAdvisoriesIn, type Shard } from "./r2/advisories.ts";
import { carriedObjectsIn } from "./r2/carried-objects.ts";
import { hostedBytesIn } from "./r2/hosted-bytes.ts";
import { fileStore, type FileInMemory } from "./r2/mirrored-files.ts";
import { mirroredObjectsIn } from "./r2/mirrored-objects.ts";
import { orphansIn } from "./r2/orphans.ts";
import type { GuardedPage } from "../repository/ports/guarded-pages.ts";
import { projectFileDeletion } from "./r2/delete-project-files.ts";
import { listStore } from "./r2/root-listing.ts";
import { scrubIn } from "./r2/scrub.ts";
import { storedBytesIn } from "./r2/stored-bytes.ts";
import { stagingIn } from "./r2/staging.ts";
import type { RememberedProject } from "./snapshots/hosted-packages.ts";
import type { OutageRules } from "./snapshots/outage.ts";
import { snapshotStores } from "./snapshots/snapshot-stores.ts";
import { uploadObjectsIn } from "./r2/upload-objects.ts";
import { partStoreIn } from "./r2/upload-parts.ts";

const MiB = 1024 * 1024;

/** What things are stored in. */
type Storage = Pick<
  Platform,
  | "objects"
  | "keyValue"
  | "database"
  | "fills"
  | "refreshes"
  | "mirrors"
  | "notices"
  | "cache"
  | "deployment"
  | "staleness"
  | "fileMemory"
  | "shareReads"
  | "finishAlone"
  | "pipe"
  | "now"
  | "sleep"
>;

/** Sizes in bytes; tests lower them. */
export interface StorageLimits {
  /** Larger files are written in parts. */
  readonly maxPut: number;
  /** Larger uploads are staged in R2. */
  readonly inMemory?: number;
}

/** Removes stored files that a page lists with other bytes now. `stored`: the project's files that are stored. */
type ReplaceOutdated = (
  name: ProjectName,
  pages: PageChange,
  stored: readonly FileRef[],
  stores: ReplacingParts,
  ctx: Context,
) => Promise<void>;

export type Stores = ReturnType<typeof createStores>;

/** All stores of a platform. Called once for each isolate, because the isolate's memory is in it. */
export function createStores(platform: Storage, { maxPut, inMemory }: StorageLimits, outage: OutageRules) {
  const {
    keyValue: kv,
    objects: r2,
    database: db,
    fills,
    refreshes,
    mirrors,
    notices,
    cache,
    pipe,
    now,
    sleep,
  } = platform;
  const memory = memoryTier(platform.fileMemory);
  const copies = platform.shareReads ? storeCopiesIn(platform, sharedKeys(platform.deployment)) : undefined;
  const pageChanges = copies && pageChangesIn(db, copies);
  const counters = countersIn(db);
  const uses = fileUsesIn(db, memory.used, { now, sleep });
  const demand = demandIn(db);
  const { hosting, entriesOf, tokenRights, allEnded, placedIndex } = snapshotStores(platform, memory.hosting, outage);
  const tokens = tokensIn(db, tokenRights);
  const newBytes = newBytesIn(db);
  const objects = mirroredObjectsIn(db, r2);

  /**
   * The stores of one source.
   *
   * @param source the part of each storage key that identifies the source
   * @param root the absolute URL of this server that links in its stored pages begin with; undefined where they are relative
   */
  function ofSource(source: string, root: string | undefined, replaceOutdated: ReplaceOutdated) {
    const keys = keysOf(source, root);
    const replacing = {
      files: fileStore(r2, memory.files, keys, { maxPut, pipe, now, copies }),
      facts: fileFactsIn(db, source),
      uses: uses.of(source, keys),
    };
    const catalog = catalogOf(db, source);
    const queries = queryStore(kv, memory.queries, keys);
    const strays = strayFilesIn(db, source);
    const outdated = (name: ProjectName, change: PageChange, held: readonly string[], ctx: Context) =>
      replaceOutdated(name, change, held.flatMap(storedRef), replacing, ctx);
    const changes = pageChanges?.of(source);
    const { pages, documents, written } = memory;
    const justListed = scopedTo(memory.justListed, source);
    const beside = { queries, strays, outdated, justListed };
    return {
      ...replacing,
      catalog,
      queries,
      strays,
      pages: pageStore({ kv, r2, catalog, keys, memory: pages, copies, changes, written, ...beside }),
      listing: { lists: listStore(r2, keys.list), storing: scopedTo(memory.listings, source) },
      documents: documentStore({ kv, keys, memory: documents, copies, written }),
      freshness: freshness(memory.marks, cache, keys.checked),
      absentNames: absentNamesIn(freshness(memory.marks, cache, keys.absent), catalog),
      storedFiles: storedFilesIn(db, source),
      verdicts: verdictsIn(db, source),
      deleteFiles: projectFileDeletion(objects, source, memory.files),
      fills: fillQueue(fills, source),
      refreshes: refreshQueue(refreshes, source),
      mirrorWork: mirrorWorkIn(db, source, keys, freshId),
      mirrorContents: mirrorContentsIn(db, source),
      verificationWork: verificationWorkIn(db, source, keys),
      storedBytes: storedBytesIn(db, r2, keys, memory.files),
      mirrorPages: scopedTo(memory.completed, source),
      mirrorQueue: mirrorQueue(mirrors, source),
      demand: demand.of(source),
      changeLogPosition: changeLogPositionIn(db, source, keys.pages),
      pagesBehind: pagesBehindIn(db, source),
      confirmation: confirmationIn(db, source, keys.pages),
      popularity: (favourites: Omit<PopularityParts, "source">) => popularityIn(db, { source, ...favourites }),
      /** What the isolate remembers of the source, beside copies of what is stored. */
      remembered: {
        absent: scopedTo(memory.absent, source),
        justListed,
        touched: scopedTo(memory.touched, source),
        filling: scopedTo(memory.filling, source),
        filled: scopedTo(memory.filled, source),
        believed: scopedTo(memory.believed, source),
        refusals: scopedTo(memory.refusals, source),
        prefetched: scopedTo(memory.prefetched, source),
        ahead: scopedTo(memory.ahead, source),
        siblingless: scopedTo(memory.siblingless, source),
      },
    };
  }

  /** What was carried to a source of kind `offline`. */
  const ofOffline = (source: string) => ({
    carried: carriedIn(db, r2, memory.hostedBytes, source),
    steps: carriedStepsIn(db, source),
    made: mergedPagesIn(source, kv, memory.made),
    verdicts: verdictsIn(db, source),
    refreshes: refreshQueue(refreshes, source),
  });

  return {
    counters,
    newBytes,
    tokens,
    objects,
    hosting,
    entriesOf,
    hostedBytes: hostedBytesIn(r2, memory.hostedBytes),
    /** Writes to the audit log what an upstream does to stored files. */
    changedFiles: (upstream: string) => changedFilesIn(db, upstream),
    hostedAmounts: hostedAmountsIn(db),
    releases: releasesIn(db),
    releaseUses: releaseUsesIn(db),
    hostedUses: (indexes: readonly string[]) => hostedUsesIn(db, memory.releasesUsed, indexes),
    isStored: async (key: string) => (await r2.head(key)) !== null,
    auditLog: auditLogIn(db),
    publishers: publishersIn(db),
    projectUses: projectUsesIn(db),
    knownProjects: knownProjectsIn(db),
    storedListing: storedListingIn(db),
    /** The names that indexes list. Two listings with the same digest have the same. */
    listedNames: memory.names,
    readmes: readmesIn(cache, memory.readmes, sharedKeys(platform.deployment)),
    policyEntries: policyEntriesIn(db),
    askedFor: askedForIn(db),
    publishTransaction: publishTransactionIn(db),
    hostedProvenance: hostedProvenanceIn(db),
    trustedJobs: trustedJobsIn(db),
    trustedRoot: trustedRootIn(db),
    forks: forksIn(db),
    history: historyIn(db),
    sessionKey: sessionKeyIn(db),
    endedSessions: endedSessionsIn(db, allEnded),
    sentForms: sentFormsIn(db),
    uploadObjects: uploadObjectsIn(r2),
    openStagingFile: stagingIn(r2, inMemory),
    uploadSessions: uploadSessionsIn(db),
    uploadParts: partStoreIn(r2, pipe),
    orphans: orphansIn(db, r2),
    trash: (volatile: readonly string[]) => trashIn(db, volatile),
    deadLetters: deadLettersIn(db, { fills, refreshes, notices }),
    notices: { store: noticesIn(db, freshId), queue: noticeQueue(notices) },
    mirrorLists: mirrorListsIn(db),
    verifications: verificationsIn(db),
    scrubbing: scrubIn(db, r2, (key) => memory.files.delete(key)),
    recentChanges: recentChangesIn(db),
    jobRuns: jobRunsIn(db),
    moving: movingIn(platform, now),
    ofSource,
    ofOffline,
    carriedObjects: carriedObjectsIn(r2, pipe),
    carriedEntries: carriedEntriesIn(db),
    findAdvisories: findAdvisoriesIn(r2, placedIndex, memory.advisories),
    advisoryIndex: advisoryIndexIn(r2, advisoryRowIn(db), now),
    /** The root listing of an index. */
    listing: (index: string) => ({
      lists: listStore(r2, listKeys(index)),
      storing: scopedTo(memory.listings, index),
    }),
    /** The merged pages of an index. */
    mergedPages: (index: string) => mergedPagesIn(index, kv, memory.made),
    /** An index's pages as its policy shows them. */
    guardedPages: (index: string) => scopedTo(memory.guarded, index),
    /** The same of a view. Anyone may ask for any view, so theirs are apart. */
    viewedPages: (view: string) => scopedTo(memory.viewed, view),
    /** Of which projects of an index what a client will ask for was asked ahead a moment ago. */
    seenAhead: (index: string) => scopedTo(memory.seenAhead, index),
    /** Which projects' provenance was queued to be verified a moment ago. */
    verifying: scopedTo(memory.verifying, ""),
    /** Of which stored files of an index it was reported that they are refused. */
    blocked: (index: string) => scopedTo(memory.blocked, index),
    /** Writes what requests and jobs have left in memory to be written, after the answer, if it is time. */
    flush(ctx: Context): void {
      for (const each of [counters, uses, demand, tokens, newBytes]) each.flush(ctx);
    },
  };
}

/** The isolate's memory, one budget for all sources together. */
const memoryTier = ({ budget, largest }: FileMemory) => ({
  pages: new Memory<Page>(16 * MiB),
  documents: new Memory<Document>(4 * MiB),
  written: new Memory<string>(MiB),
  files: new Memory<FileInMemory>(budget, largest),
  marks: new Memory<LastRevalidation>(4 * MiB),
  absent: new Memory<true>(2 * MiB),
  justListed: new Memory<true>(MiB),
  touched: new Memory<true>(MiB),
  filling: new Memory<true>(MiB),
  filled: new Memory<true>(MiB),
  believed: new Memory<true>(MiB),
  refusals: new Memory<string>(MiB),
  queries: new Memory<Queries>(4 * MiB, MiB),
  prefetched: new Memory<true>(MiB),
  siblingless: new Memory<true>(MiB),
  ahead: new Memory<true>(MiB),
  seenAhead: new Memory<true>(MiB),
  listings: new Memory<true>(MiB),
  used: new Memory<true>(2 * MiB),
  releasesUsed: new Memory<true>(MiB),
  hosting: new Memory<RememberedProject>(8 * MiB, 4 * MiB),
  hostedBytes: new Memory<Uint8Array>(budget / 2, largest),
  completed: new Memory<{ readonly of: string; readonly page: Page }>(8 * MiB, 4 * MiB),
  made: new Memory<StoredMergedPage>(4 * MiB, MAX_IN_MEMORY),
  /** Pages of thousands of files as well: to make one again takes a tenth of a second. */
  guarded: new Memory<GuardedPage>(16 * MiB, 4 * MiB),
  blocked: new Memory<true>(MiB),
  verifying: new Memory<true>(MiB),
  readmes: new Memory<string>(4 * MiB, MiB),
  /** PyPI's names are 12 MB. */
  names: new Memory<string>(24 * MiB, 20 * MiB),
  viewed: new Memory<GuardedPage>(8 * MiB, 4 * MiB),
  /** All shards of an index of PyPI's 24,500 records. */
  advisories: new Memory<Shard>(12 * MiB, 2 * MiB),
});
