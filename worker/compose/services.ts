import { allowances, type AllowanceFor } from "../auth/allowance.ts";
import { Attempts } from "../auth/attempts.ts";
import { authenticator, type Authentication } from "../auth/authenticate.ts";
import { sessionsOf } from "../auth/sessions.ts";
import type { PolicyEntryStore } from "../auth/policy-entries.ts";
import type { SentForms, TokenStore } from "../auth/ports.ts";
import { createTokenExchange, type TokenExchange } from "./token-exchange.ts";
import { composeIndex, type Index } from "./compose-index.ts";
import { createVerifyLater, knownBuilders, isVerified, provenanceVerifier } from "./provenance.ts";
import type { TrustedRoots } from "./trusted-roots.ts";
import { pageStoresOf, type PageStores } from "./page-stores.ts";
import { baseFor } from "./base-for.ts";
import { offlineStack, type OfflineSource } from "./offline-stack.ts";
import { sourceStack, type FetchingSource, type Source } from "./source-stack.ts";
import type { Platform } from "../platform/platform.ts";
import { inspect } from "../publishing/inspect/inspect.ts";
import type { AuditLog } from "../publishing/releases/audit-log.ts";
import { createReleaseActions, type ReleaseActions } from "../publishing/releases/actions.ts";
import { createRetention } from "../publishing/releases/retention.ts";
import type { HostedAmounts } from "../publishing/releases/ports.ts";
import { PART_SIZE, createUploadsInParts, type UploadsInParts } from "../publishing/uploads-in-parts.ts";
import type { OpenStagingFile } from "../publishing/ports.ts";
import type { AdvisoriesOn, Forks } from "../publishing/fork.ts";
import { countUpstream } from "./count-upstream.ts";
import { createAttest } from "../publishing/attest.ts";
import { createPublish } from "../publishing/publish.ts";
import type { Publish } from "../publishing/publish-request.ts";
import type { MirrorClock } from "../mirroring/pacer.ts";
import type { MirrorLists, SourceMirror } from "../mirroring/ports.ts";
import { receiverAt } from "../notify/receiver.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { History } from "../repository/ports/history.ts";
import type { Counters } from "../repository/ports/counters.ts";
import { admissionTo } from "../layers/guard/admission.ts";
import { sourcesByName } from "../layers/priority.ts";
import { reservedBy } from "../layers/reserved-names.ts";
import type { Layer, MirroredSource } from "../repository/repository.ts";
import type { DeadLetters, Cleanup, RecentChanges, Retention, Runs } from "../repository/ports/maintenance.ts";
import type { AskedFor } from "../repository/ports/asked-for.ts";
import type { Notices } from "../repository/ports/notices.ts";
import type { OsvExport } from "../repository/ports/osv-export.ts";
import type { StoredObjects } from "../repository/ports/stored-objects.ts";
import { countTogether, type Counting } from "../storage/d1/catalog.ts";
import { MAX_PUT } from "../storage/r2/mirrored-files.ts";
import { freshId } from "../storage/keys.ts";
import { probesOf, type StoreProbes } from "../storage/probes.ts";
import { createStores, type StorageLimits, type Stores } from "../storage/stores.ts";
import { UpstreamClient } from "../upstream/client.ts";
import { osvExportAt } from "../upstream/osv-export.ts";
import type { Config } from "../../schema/config.ts";
import type { IndexConfig } from "../../schema/indexes.ts";
import type { Moving } from "../../schema/moving.ts";
import type { UpstreamConfig } from "../../schema/upstreams.ts";
import type { Scrubbing } from "../repository/ports/scrub.ts";
import type { Verifications } from "../repository/ports/verification.ts";
import type { Context } from "../repository/context.ts";

/** Sizes above which a file is handled in another way, in bytes; tests lower them. */
export interface Limits extends StorageLimits {
  /** Larger files are stored by the queue's consumer; the platform's own limit unless it is given. */
  readonly finishAlone?: number;
}

/** All services of requests and jobs. Each route and job takes only what it uses. */
export interface Services extends Authentication {
  readonly sentForms: SentForms;
  readonly allowanceFor: AllowanceFor;
  /** Yanks, deletes, marks and promotes hosted releases. */
  readonly releases: ReleaseActions;
  readonly forks: Forks;
  readonly advisoriesOnFork: AdvisoriesOn;
  readonly auditLog: AuditLog;
  readonly trustedRoots: TrustedRoots;
  readonly pageStores: PageStores;
  readonly tokens: TokenStore;
  /** The lists of policies, and what makes ids for their entries. */
  readonly policyEntries: { readonly entries: PolicyEntryStore; readonly freshId: () => string };
  readonly askedFor: AskedFor;
  /** Opens the staging for an upload until all its bytes have arrived. */
  readonly openStagingFile: OpenStagingFile;
  readonly publish: Publish;
  /** undefined: no identity tokens are trusted. */
  readonly tokenExchange: TokenExchange | undefined;
  readonly uploads: UploadsInParts;
  /** In the configuration's order. */
  readonly indexes: readonly Index[];
  /** The mirrored sources, by the key that queue messages carry. */
  readonly sources: ReadonlyMap<string, MirroredSource>;
  /** Their mirrors, by the same keys. */
  readonly mirrors: ReadonlyMap<string, SourceMirror>;
  readonly mirrorLists: MirrorLists;
  readonly verifications: Verifications;
  readonly clock: MirrorClock;
  /** Counts the stored pages of all sources together. */
  readonly catalog: Counting;
  readonly counters: Counters;
  readonly history: History;
  /** The stored files of all sources. */
  readonly objects: StoredObjects;
  /** The amount that all indexes host. */
  readonly hosted: HostedAmounts;
  /** The limit of stored mirrored files in bytes, above which the longest unused are deleted; 0: no limit. */
  readonly quota: number;
  /** The bytes of the stores' disk that mirrored files leave free; 0: none. */
  readonly freeSpace: number;
  readonly freeBytes: Platform["freeBytes"];
  /** Writes what has been gathered in memory (counts, uses, demand), behind the answer, if it is due. */
  readonly flush: (ctx: Context) => void;
  readonly scrubbing: Scrubbing;
  /** How many objects the clock has read in an hour; 0: none. */
  readonly scrub: number;
  readonly cleanup: Cleanup;
  readonly retention: Retention;
  readonly letters: DeadLetters;
  readonly recent: RecentChanges;
  readonly runs: Runs;
  readonly advisoryIndex: Stores["advisoryIndex"];
  /** OSV's export; undefined: advisories are loaded by hand. */
  readonly osv: OsvExport | undefined;
  readonly moving: Moving;
  readonly notices: Notices;
  /** Reads each store. */
  readonly probes: StoreProbes;
  /** How many upstreams there are, and how many did not answer when they were last asked. */
  readonly upstreams: () => { readonly all: number; readonly away: number };
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
}

/**
 * Composes the indexes and all services. Called once per isolate, since the memory is in it.
 *
 * @param outermost a layer on top of each index: nothing of an index bypasses it
 */
export function compose(
  config: Config,
  platform: Platform,
  limits: Limits = { maxPut: MAX_PUT },
  outermost: Layer = (inner) => inner,
): Services {
  const {
    indexes,
    pageTtl,
    prefetchUpTo,
    publicUrl,
    feed,
    quota,
    freeSpace,
    popular: count,
    seed,
    reserved,
    adminTokens,
    trusted,
    audience,
    bytesADay,
  } = config;
  const stores = createStores(platform, limits, { grace: config.databaseGrace, isReserved: reservedBy(reserved) });
  const { counters, tokens, newBytes } = stores;
  const { finishAlone = platform.finishAlone } = limits;
  const verifier = provenanceVerifier(config.trustedRoot, stores.trustedRoot);
  const shared = { platform, stores, finishAlone, prefetchUpTo, pageTtl, feed, reserved, verifier };
  const stacks = new Map<UpstreamConfig, FetchingSource>();
  const offline = new Map<UpstreamConfig, OfflineSource>();
  for (const upstream of indexes.flatMap(({ upstreams }) => upstreams)) {
    if (stacks.has(upstream) || offline.has(upstream)) continue;
    const base = publicUrl === "" ? undefined : baseFor(upstream, indexes);
    const favourites = count === 0 ? undefined : { count, seed, mayHave: belongingTo(upstream, indexes, reserved) };
    const root = base === undefined ? undefined : publicUrl + base;
    if (upstream.kind === "offline") {
      offline.set(upstream, offlineStack(upstream, root, shared, isVerified(upstream, indexes)));
      continue;
    }
    stacks.set(upstream, sourceStack(upstream, root, favourites, isVerified(upstream, indexes), shared));
  }
  const sources = new Map<UpstreamConfig, Source>([...stacks, ...offline]);
  const mirrored = [...stacks.values()].map((source) => source.mirrored);
  const verifying = [...offline.values()].flatMap((source) => source.verifying ?? []);
  const mirroredSources = new Map([...mirrored, ...verifying].map((source) => [source.key, source]));
  const verifyLater = createVerifyLater(mirroredSources, stores.verifying);
  const requireAdmitted = admissionTo(indexes, stores.entriesOf);
  const publish = createPublish({
    inspect,
    transaction: stores.publishTransaction,
    objects: stores.uploadObjects,
    attest: createAttest(verifier, stores.trustedJobs),
    requireAdmitted,
  });
  const uses = stores.hostedUses(indexes.filter(({ keep }) => keep !== undefined).map(({ name }) => name));
  const notices = { ...stores.notices, receivers: config.receivers.map((each) => receiverAt(each, platform.fetch)) };
  const unverifiable = verifier.unusable;
  const asksAhead = prefetchUpTo > 0 && platform.openSpool !== null;
  const parts = {
    platform,
    stores,
    sources,
    offline,
    uses,
    verifyLater,
    unverifiable,
    notices,
    outermost,
    asksAhead,
    pageTtl,
    publicUrl,
  };
  const sessions = sessionsOf({ adminTokens, tokens, key: stores.sessionKey, ended: stores.endedSessions });
  const authentication = authenticator({ adminTokens, tokens, attempts: new Attempts(), sessions });
  const { authenticate } = authentication;
  return {
    ...authentication,
    sentForms: stores.sentForms,
    allowanceFor: allowances({ authenticate, ofNetwork: platform.newFromNetwork, newBytes, bytesADay, counters }),
    tokens,
    policyEntries: { entries: stores.policyEntries, freshId },
    askedFor: stores.askedFor,
    tokenExchange: createTokenExchange({ trusted, audience }, platform, tokens, counters),
    releases: createReleaseActions(stores.releases, indexes, stores.isStored, requireAdmitted),
    forks: stores.forks,
    history: stores.history,
    advisoriesOnFork: async ({ project, base, isOffered }, ctx) => {
      const known = isOffered ? await stores.findAdvisories(project, ctx) : undefined;
      return known?.affecting(base.version).map(({ id }) => id) ?? [];
    },
    auditLog: stores.auditLog,
    trustedRoots: verifier.roots,
    pageStores: pageStoresOf(stores, reserved, knownBuilders(mirroredSources)),
    openStagingFile: stores.openStagingFile,
    publish,
    uploads: createUploadsInParts({
      sessions: stores.uploadSessions,
      store: stores.uploadParts,
      publish,
      requireAdmitted,
      indexes,
      partSize: PART_SIZE,
      maxSize: limits.maxPut,
      freshId,
    }),
    indexes: indexes.map((index) => composeIndex(index, parts)),
    sources: mirroredSources,
    mirrors: new Map([...stacks.values()].map(({ mirror }) => [mirror.source.key, mirror])),
    mirrorLists: stores.mirrorLists,
    verifications: stores.verifications,
    clock: platform,
    catalog: countTogether(
      [...sources.values()].map(({ catalog }) => catalog),
      platform.now,
    ),
    counters,
    objects: stores.objects,
    hosted: stores.hostedAmounts,
    quota,
    freeSpace,
    freeBytes: platform.freeBytes,
    flush: stores.flush,
    scrubbing: stores.scrubbing,
    scrub: config.scrub ?? platform.scrub,
    cleanup: {
      ...stores.orphans,
      trash: stores.trash(indexes.filter(({ volatile }) => volatile).map(({ name }) => name)),
    },
    retention: {
      ...createRetention(stores.releases, stores.releaseUses, indexes),
      settle: () => platform.sleep(platform.staleness.reuse + platform.staleness.skew),
    },
    letters: stores.deadLetters,
    recent: stores.recentChanges,
    runs: stores.jobRuns,
    advisoryIndex: stores.advisoryIndex,
    osv:
      config.osv &&
      osvExportAt(
        config.osv,
        new UpstreamClient(platform.fetch, config.osv, platform.now, {
          count: countUpstream(counters),
        }),
      ),
    moving: stores.moving,
    notices,
    probes: probesOf(platform),
    upstreams() {
      const all = [...stacks.values()];
      return { all: all.length, away: all.filter(({ isAway }) => isAway()).length };
    },
    pageTtl,
  };
}

/** Whether a name may come from this upstream in any index. */
function belongingTo(
  upstream: UpstreamConfig,
  indexes: readonly IndexConfig[],
  reserved: readonly string[],
): (name: ProjectName) => boolean {
  const isReserved = reservedBy(reserved);
  const routings = indexes.map(({ upstreams }) => sourcesByName<UpstreamConfig>(upstreams));
  return (name) => !isReserved(name) && routings.some((route) => route(name).includes(upstream));
}
