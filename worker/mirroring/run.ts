import { DAY, WEEK } from "../duration.ts";
import { IndexError, isUpstreamFailure, reasonOf } from "../errors.ts";
import { sizeText } from "../pypi/size-text.ts";
import { counted } from "../pypi/counted.ts";
import { parsePlatform } from "../pypi/platform-tag.ts";
import { parsePython } from "../pypi/python-tag.ts";
import { inPool } from "../repository/pool.ts";
import type { Context } from "../repository/context.ts";
import type { MirrorLease, MirrorRequirement } from "../repository/ports/mirror.ts";
import { environmentsOf } from "../pypi/environments.ts";
import { examine, type RunParts } from "./examine.ts";
import { atOnce, pacer, type MirrorClock } from "./pacer.ts";
import type { SourceMirror } from "./ports.ts";
import { LEASE, PAUSE, runState } from "./run-state.ts";
import { selecting } from "./select-files.ts";
import { verifyNext } from "./verify-next.ts";

/** Projects that are looked at together, and at the same time: most of the time each waits for its rows to be written. */
const TOGETHER = 96;
const AT_ONCE = 16;

/** Requests of the upstream at the same time: Cloudflare opens no more connections. */
const CONNECTIONS = 6;

/** How often the root listing is compared with the patterns: the change log names new projects, where it is followed. */
const LISTED = { followed: WEEK, unfollowed: DAY };

/** How a run ended. */
export interface MirrorRunEnd {
  /** Whether another run can go on at once. */
  readonly hasMore: boolean;
  /** Why it ended before all was done. */
  readonly failure: string | undefined;
}

/**
 * Goes on with the mirror of a source, then with its verification, until nothing is due, time or calls of other services are used up, or the upstream asks for a pause. Only one run of a source
 * works at a time. What it has done is recorded project by project: where it breaks off, the next run goes on. Rejects where the
 * database fails.
 *
 * @returns undefined where another run is at work
 */
export async function runMirror(
  mirror: SourceMirror,
  clock: MirrorClock,
  ctx: Context,
): Promise<MirrorRunEnd | undefined> {
  const { source, work, config } = mirror;
  const { repository } = source;
  const began = clock.now();
  const lease = await work.lease(began, began + LEASE);
  if (!lease) return undefined;
  const isFollowed = ((await source.changes?.log.state())?.serial ?? undefined) !== undefined;
  const state = runState(lease, clock, began);
  const { pythons = [], platforms = [] } = config.filters;
  const parts: RunParts = {
    repository,
    work,
    select: selecting(config.filters),
    closure: {
      environments: environmentsOf(pythons.map(parsePython), platforms.map(parsePlatform)),
      admitted: ceilingOf(mirror, lease),
    },
    pace: pacer(config.requestsPerSecond, clock),
    connected: atOnce(CONNECTIONS),
    now: clock.now,
    sleep: clock.sleep,
    isFollowed,
    ...state,
  };
  let hasMore = false;
  try {
    if (lease.isListingDue) await compareListing(mirror, lease, parts, ctx);
    for (;;) {
      const due = await work.due(clock.now(), TOGETHER);
      if (!(await state.goesOn())) break;
      if (due.length === 0) {
        if (await verifyNext(mirror, parts, ctx)) continue;
        break;
      }
      await inPool(AT_ONCE, due, async (project) => {
        if (!(await state.goesOn())) return;
        state.look();
        await examine(project, parts, ctx);
      });
    }
  } finally {
    const { retryAt, failure } = state.pause();
    hasMore = (await lease.end(retryAt, state.effort, failure ?? null, clock.now())) && retryAt <= clock.now();
  }
  return { hasMore, failure: state.pause().failure };
}

/** Records those projects of the root listing that patterns ask for. Where the upstream fails, it is asked again in a minute. */
async function compareListing(
  { source, work, mayHave }: SourceMirror,
  lease: MirrorLease,
  { now, failed, add, pace, isFollowed }: RunParts,
  ctx: Context,
): Promise<void> {
  try {
    await pace();
    add({ requests: 1 });
    const listing = await source.repository.projects({ ...ctx, now: now() });
    for await (const batch of listing.entries()) {
      const names = batch.map(({ name }) => name).filter(mayHave);
      await work.listed(names, now());
    }
    await lease.listed(now() + (isFollowed ? LISTED.followed : LISTED.unfollowed));
  } catch (error) {
    if (!(error instanceof IndexError) || !isUpstreamFailure(error)) throw error;
    failed(error);
    await lease.listed(now() + PAUSE);
    ctx.report({ event: "mirror-delayed", what: "the root listing", reason: reasonOf(error) });
  }
}

/** Lets requirements in up to the ceilings, and records why others are left out. */
function ceilingOf({ work, config }: SourceMirror, lease: MirrorLease) {
  const { maxDependencies, maxDependencyBytes } = config;
  let isNoted = false;
  return async (requirements: readonly MirrorRequirement[]) => {
    if (requirements.length === 0) return requirements;
    const { projects, bytes } = await work.dependencies();
    const room = bytes >= maxDependencyBytes ? 0 : Math.max(0, maxDependencies - projects);
    const names = [...new Set(requirements.map(({ required }) => required))];
    const admitted = new Set(names.slice(0, room));
    const first = names[room];
    if (first !== undefined && !isNoted) {
      isNoted = true;
      const what = bytes >= maxDependencyBytes ? "max_dependency_size" : "max_dependencies";
      await lease.ceiling(
        `${first} and maybe others are required and not mirrored: ${counted(projects, "project")} (${sizeText(bytes)}) ${projects === 1 ? "is" : "are"} mirrored because others require them, and ${what} allows no more. Raise it, or set filters, then run pypi-edge mirror run.`,
      );
    }
    return requirements.filter(({ required }) => admitted.has(required));
  };
}
