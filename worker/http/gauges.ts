import type { PolicyEntryStore } from "../auth/policy-entries.ts";
import { inSeconds } from "../duration.ts";
import type { Forks } from "../publishing/fork.ts";
import type { HostedAmounts } from "../publishing/releases/ports.ts";
import type { MirrorLists } from "../mirroring/ports.ts";
import { isFollowed } from "../repository/ports/change-log.ts";
import type { AdvisoryIndexState, AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";
import type { MirroredSource, SourceChanges } from "../repository/repository.ts";
import type { DeadLetters } from "../repository/ports/maintenance.ts";
import type { Scrubbing } from "../repository/ports/scrub.ts";
import type { StoredObjects } from "../repository/ports/stored-objects.ts";
import type { Platform } from "../platform/platform.ts";
import type { Gauge } from "./gauge.ts";
import { gaugesOfMirrors, gaugesOfScrub } from "./mirror-gauges.ts";

/** Where gauges are read. */
export interface GaugeSources {
  readonly catalog: { count(): Promise<number> };
  readonly objects: Pick<StoredObjects, "total">;
  readonly hosted: HostedAmounts;
  readonly forks: Pick<Forks, "outdated">;
  readonly letters: Pick<DeadLetters, "counts">;
  readonly policyEntries: { readonly entries: Pick<PolicyEntryStore, "counts"> };
  readonly sources: ReadonlyMap<string, MirroredSource>;
  readonly advisoryIndex: Pick<AdvisoryIndexStore, "state">;
  readonly mirrorLists: Pick<MirrorLists, "figures">;
  readonly scrubbing: Pick<Scrubbing, "state">;
  /** When the trusted root ends that rules on provenance go by, in milliseconds since the epoch; undefined: it is of no interest. */
  readonly rootExpiry: () => Promise<number | undefined>;
  /** As a platform has it. */
  readonly trouble: Platform["trouble"];
  /** The crons that did not run when they were due. */
  readonly overdue: (now: number) => Promise<readonly unknown[]>;
}

/** Reads all gauges; rejects where the database cannot be read. `now` in milliseconds since the epoch. */
export async function readGauges(from: GaugeSources, now: number): Promise<Gauge[]> {
  const { catalog, objects, hosted, forks, letters, policyEntries, sources, advisoryIndex, mirrorLists, scrubbing } =
    from;
  const [projects, overdue, stored, own, dead, entries, logs, advisories, mirrors, scrub, forked, rootEnd, trouble] =
    await Promise.all([
      catalog.count(),
      from.overdue(now),
      objects.total(),
      hosted.total(),
      letters.counts(),
      policyEntries.entries.counts(now),
      followedLogs(sources, now),
      advisoryIndex.state(),
      mirrorLists.figures(now),
      scrubbing.state(),
      forks.outdated(),
      from.rootExpiry(),
      from.trouble(),
    ]);
  return [
    single("pypi_edge_projects", "Projects whose pages are stored.", projects),
    single("pypi_edge_overdue_crons", "Crons that did not run when they were due.", overdue.length),
    single("pypi_edge_storage_trouble", "Whether the stores cannot be used as they should be.", trouble ? 1 : 0),
    single("pypi_edge_stored_bytes", "Bytes of mirrored files and their metadata that are stored.", stored.bytes),
    single("pypi_edge_stored_objects", "Mirrored files and metadata that are stored.", stored.objects),
    single("pypi_edge_hosted_projects", "Projects that were ever uploaded, by index.", own.projects),
    single("pypi_edge_hosted_files", "Uploaded files that are there; a promoted one counts in each index.", own.files),
    single("pypi_edge_hosted_bytes", "Bytes of these files.", own.bytes),
    single("pypi_edge_trash_bytes", "Bytes of deleted files that can be restored.", own.trashed),
    {
      name: "pypi_edge_dead_letters",
      help: "Dead letters: messages that failed at each delivery.",
      samples: [...dead].map(([queue, value]) => ({ labels: { queue }, value })),
    },
    {
      name: "pypi_edge_policy_entries",
      help: "Entries of policies' lists, by kind, and whether they have ended.",
      samples: entries.map(({ kind, hasEnded, count }) => ({
        labels: { kind, ended: String(hasEnded) },
        value: count,
      })),
    },
    ...(logs.length > 0 ? ofLogs(logs) : []),
    ...gaugesOfMirrors(mirrors, sources, now),
    ...(scrub ? gaugesOfScrub(scrub) : []),
    ...(forked.length > 0 ? [outdatedForks(forked)] : []),
    ...(rootEnd === undefined ? [] : [ofRoot(rootEnd)]),
    ...(advisories.isLoaded || advisories.failure !== undefined ? ofAdvisories(advisories) : []),
  ];
}

const single = (name: string, help: string, value: number): Gauge => ({ name, help, samples: [{ labels: {}, value }] });

const outdatedForks = (forked: Awaited<ReturnType<Forks["outdated"]>>): Gauge => ({
  name: "pypi_edge_forks_outdated",
  help: "Forks whose upstream had a newer release when the job watch last looked, by index.",
  samples: forked.map(({ index, outdated }) => ({ labels: { index }, value: outdated })),
});

const ofRoot = (expiresAt: number) =>
  single(
    "pypi_edge_trusted_root_expires_timestamp_seconds",
    "When the trusted root ends that rules on provenance go by: from then on nothing new is verified.",
    Math.floor(inSeconds(expiresAt)),
  );

const ofAdvisories = ({ records, checkedAt, failure }: AdvisoryIndexState): Gauge[] => [
  single("pypi_edge_advisory_records", "Records of OSV by which policies refuse files.", records),
  single(
    "pypi_edge_advisories_checked_timestamp_seconds",
    "When they were last known to be what OSV has, or were loaded by a person; 0: never.",
    inSeconds(checkedAt),
  ),
  single(
    "pypi_edge_advisories_failing",
    "Whether OSV's export could not be taken over the last time.",
    Number(failure !== undefined),
  ),
];

/** How far an upstream's change log is followed. */
interface FollowedLog {
  /** The upstream's name in the configuration. */
  readonly upstream: string;
  /** Whether stored pages are served without revalidation, because the change log is followed (`isFollowed`). */
  readonly up: boolean;
  /** undefined where the log was never read. */
  readonly serial: number | undefined;
  readonly behind: number;
}

const followedLogs = (sources: GaugeSources["sources"], now: number): Promise<FollowedLog[]> =>
  Promise.all([...sources.values()].flatMap(({ name, changes }) => (changes ? [followedLog(name, changes, now)] : [])));

async function followedLog(upstream: string, { log, behind }: SourceChanges, now: number): Promise<FollowedLog> {
  const [state, count] = await Promise.all([log.state(), behind.count()]);
  return { upstream, up: state !== null && isFollowed(state, count, now), serial: state?.serial, behind: count };
}

function ofLogs(logs: readonly FollowedLog[]): Gauge[] {
  const gauge = (name: string, help: string, valueOf: (log: FollowedLog) => number | undefined): Gauge => ({
    name,
    help,
    samples: logs.flatMap((log) => {
      const value = valueOf(log);
      return value === undefined ? [] : [{ labels: { upstream: log.upstream }, value }];
    }),
  });
  return [
    gauge(
      "pypi_edge_feed_up",
      "Whether the upstream's change log confirms stored pages; 0: PAGE_TTL applies.",
      ({ up }) => Number(up),
    ),
    gauge(
      "pypi_edge_feed_serial",
      "Serial of the last change that was read from the upstream's change log.",
      ({ serial }) => serial,
    ),
    gauge("pypi_edge_pages_behind", "Stored pages that are older than the upstream's.", ({ behind }) => behind),
  ];
}
