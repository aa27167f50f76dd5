import { Hono, type Context as HonoContext } from "hono";
import { SECOND } from "../duration.ts";
import type { Platform } from "../platform/platform.ts";
import type { ScrubState } from "../repository/ports/scrub.ts";
import { inTime } from "../repository/timeout.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";

/** How long an answer of the database and of the stores is reused. */
const REUSE_MS = 30 * SECOND;

/** How long each is waited for. */
const TIMEOUT_MS = SECOND;

/** A cron that did not run when it was due, and the time since then in milliseconds since the epoch. */
interface Overdue {
  readonly cron: string;
  readonly since: number;
}

interface HealthParts {
  /** Asks the database; its answer is reused for half a minute. */
  readonly overdue: (now: number) => Promise<readonly Overdue[]>;
  /** As a platform has it; its answer is reused likewise. */
  readonly trouble: Platform["trouble"];
  /** What is wrong with the advisories that policies go by; its answer is reused likewise. */
  readonly advisories: (now: number) => Promise<KnownTrouble | undefined>;
  /** What is wrong with the trusted root that rules on provenance go by, or will soon be; its answer is reused likewise. */
  readonly trustedRoot: (now: number) => Promise<KnownTrouble | undefined>;
  /** Reads each store by its name; what they answer is reused likewise. */
  readonly probes: Readonly<Record<string, () => Promise<unknown>>>;
  /** How far the scrub is; asked for a deep answer only. */
  readonly scrub: () => Promise<ScrubState | undefined>;
  /** How many upstreams there are, and how many did not answer when they were last asked. Asks none. */
  readonly upstreams: () => { readonly all: number; readonly away: number };
}

/** What an operator is to know of something, a sentence. */
export interface KnownTrouble {
  readonly sentence: string;
  readonly isFault: boolean;
}

/** What is wrong; without members, nothing is. */
interface Faults {
  readonly overdue?: readonly { readonly cron: string; readonly since: string }[];
  readonly storage?: string;
  readonly advisories?: string;
  readonly provenance?: string;
  /** What is no fault, and to be known all the same. */
  readonly notice?: string;
}

/**
 * Says whether the worker runs, which crons are overdue and what is wrong with the stores, to be mounted at `/-/health`.
 * The status is always 200: a failing cron, store or upstream is no reason to restart the worker or to stop sending
 * requests to it. Where the database does not answer, no crons are listed.
 *
 * With `?deep` it reads each store as well, and the status is 503 where one cannot be read: that is for a person, or for
 * monitoring. It names no upstream: anyone may ask.
 */
export function healthRoutes({
  overdue,
  trouble,
  advisories,
  trustedRoot,
  probes,
  scrub,
  upstreams,
}: HealthParts): Hono<AppEnv> {
  const faultsAt = reused(async (now): Promise<Faults> => {
    const [crons, storage, known, root] = await Promise.all([
      inTime(TIMEOUT_MS, "no answer", overdue(now)).catch(() => []),
      inTime(TIMEOUT_MS, "no answer", trouble()).catch(() => "The stores do not answer."),
      inTime(TIMEOUT_MS, "no answer", advisories(now)).catch(() => undefined),
      inTime(TIMEOUT_MS, "no answer", trustedRoot(now)).catch(() => undefined),
    ]);
    const late = crons.map(({ cron, since }) => ({ cron, since: new Date(since).toISOString() }));
    const notices = [known, root].flatMap((each) => (each?.isFault === false ? each.sentence : []));
    return {
      ...(late.length > 0 && { overdue: late }),
      ...(storage !== undefined && { storage }),
      ...(root?.isFault && { provenance: root.sentence }),
      ...(known?.isFault && { advisories: known.sentence }),
      ...(notices.length > 0 && { notice: notices.join(" ") }),
    };
  });
  const unreadableAt = reused(async () => {
    const found = await Promise.all(
      Object.entries(probes).map(([name, probe]) =>
        inTime(TIMEOUT_MS, "no answer", probe()).then(
          () => [],
          () => [name],
        ),
      ),
    );
    return found.flat();
  });

  const scrubAt = reused(() => inTime(TIMEOUT_MS, "no answer", scrub()).catch(() => undefined));

  async function deep(c: HonoContext<AppEnv>, now: number) {
    const [faults, unreadable, scrubbed] = await Promise.all([faultsAt(now), unreadableAt(now), scrubAt(now)]);
    const { all, away } = upstreams();
    const found = {
      ...faults,
      ...damageOf(scrubbed),
      ...(unreadable.length > 0 && { unreadable }),
      ...(away > 0 && { upstreams: `${away} of ${all} did not answer when last asked.` }),
    };
    return c.json(
      { status: statusOf(found), ...found, ...scrubOf(scrubbed) },
      unreadable.length > 0 ? 503 : 200,
      LIFETIMES.live,
    );
  }

  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const { now } = c.get("ctx");
    if (c.req.query("deep") !== undefined) return deep(c, now);
    const faults = await faultsAt(now);
    return c.json({ status: statusOf(faults), ...faults }, 200, LIFETIMES.live);
  });
  return routes;
}

/** Hosted files that are damaged: they are nowhere else, so that a person must do something. */
function damageOf(scrub: ScrubState | undefined) {
  const count = Math.max(scrub?.current.damagedHosted ?? 0, scrub?.last?.damagedHosted ?? 0);
  if (count === 0) return {};
  return {
    damaged: `Of the hosted or carried files ${count} ${count === 1 ? "has" : "have"} other bytes than were stored: the log names them (object-damaged). Restore them from a backup. Without one, delete the release and publish it anew; of what was carried, carry all of the index anew to another source.`,
  };
}

/** When the last whole round ended, and what it found. Its age is no fault. */
function scrubOf(scrub: ScrubState | undefined) {
  if (!scrub) return {};
  const { last, current } = scrub;
  const round = last && {
    began: new Date(last.beganAt).toISOString(),
    ended: new Date(last.endedAt).toISOString(),
    objects: last.objects,
    damaged: last.damaged,
    damagedHosted: last.damagedHosted,
  };
  return { scrub: { lastRound: round ?? null, objectsThisRound: current.objects } };
}

const statusOf = (found: Faults) => (Object.keys(found).some((key) => key !== "notice") ? "degraded" : "ok");

/** Finds something out at most once in half a minute. */
function reused<Found>(find: (now: number) => Promise<Found>): (now: number) => Promise<Found> {
  let known: { readonly at: number; readonly found: Found } | undefined;
  return async (now) => {
    if (!known || now - known.at >= REUSE_MS) known = { at: now, found: await find(now) };
    return known.found;
  };
}
