import { Hono } from "hono";
import {
  mirrorEntries,
  mirrorRemoval,
  mirrorStart,
  verificationStart,
  type ShownMirror,
  type ShownMirrorPlan,
} from "../../../schema/mirror-api.ts";
import type { AuditAction, Author, NewAuditEntry } from "../../auth/audit-entry.ts";
import { badRequest, IndexError } from "../../errors.ts";
import { asMirrorEntry, entryText } from "../../mirroring/entry.ts";
import { planMirror } from "../../mirroring/plan.ts";
import type { MirrorLists, SourceMirror } from "../../mirroring/ports.ts";
import { asProjectName } from "../../pypi/name.ts";
import type { MirrorEntry, MirrorStatus } from "../../repository/ports/mirror.ts";
import type { Verifications } from "../../repository/ports/verification.ts";
import type { Authorize } from "../access.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { admitted, type AdmittedEnv } from "./admitted.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";
import { shownVerification } from "./shown-verification.ts";
import { isoOf } from "./times.ts";

/** What the routes need. */
export interface MirrorApi {
  readonly authorize: Authorize;
  readonly mirrors: ReadonlyMap<string, SourceMirror>;
  readonly lists: MirrorLists;
  readonly verifications: Verifications;
}

/** Errors of one answer. */
const MAX_ERRORS = 1_000;

/** Projects that an audit entry names. */
const MAX_NAMED = 100;

/** What is mirrored on purpose, and how far that is; to be mounted at `/-/api/mirror`. For admins of the whole installation. */
export function mirrorRoutes({ authorize, mirrors, lists, verifications }: MirrorApi): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  routes.use(admitted(authorize, { scope: "admin", index: "*" }));
  for (const path of ["/", "/entries", "/errors"]) routes.use(path, allowOnly("GET", "HEAD"));
  for (const path of ["/add", "/remove", "/run", "/plan"]) routes.use(path, allowOnly("POST"));
  routes.use("/verification", allowOnly("GET", "HEAD", "POST"));
  const named = (name: string | undefined) => mirrorNamed(name, mirrors);
  const keyOf = ({ source }: SourceMirror) => source.key;

  routes.get("/", async (c) => {
    const { source } = parametersOf(c.req.url, ["source"]);
    const asked = source === undefined ? [...mirrors.values()] : [named(source)];
    const { now } = c.get("ctx");
    const shownMirrors = await Promise.all(
      asked.map(async (mirror) => shownStatus(mirror, await lists.status(keyOf(mirror), now), now)),
    );
    return c.json({ mirrors: shownMirrors }, 200, LIFETIMES.live);
  });

  routes.get("/entries", async (c) => {
    const mirror = named(parametersOf(c.req.url, ["source"]).source);
    const entries = (await lists.entries(keyOf(mirror))).map((entry) => ({
      project: entryText(entry),
      withDependencies: entry.withDependencies,
      added: isoOf(entry.addedAt),
      addedBy: entry.addedBy,
    }));
    return c.json({ source: mirror.source.name, entries }, 200, LIFETIMES.live);
  });

  routes.get("/errors", async (c) => {
    const mirror = named(parametersOf(c.req.url, ["source"]).source);
    const errors = (await lists.errors(keyOf(mirror), MAX_ERRORS)).map(({ failedAt, ...error }) => ({
      ...error,
      at: isoOf(failedAt),
    }));
    return c.json({ source: mirror.source.name, errors }, 200, LIFETIMES.live);
  });

  routes.post("/add", async (c) => {
    parametersOf(c.req.url, []);
    const body = await readRequestJson(c.req.raw, mirrorEntries);
    const mirror = named(body.source);
    const entries = entriesOf(body.projects, body.withDependencies, mirror);
    const { now } = c.get("ctx");
    await lists.add(keyOf(mirror), entries, auditEntry("mirror.add", c.get("author"), mirror, body), now);
    await mirror.queue.send();
    return c.json({ source: mirror.source.name, entries: entries.length }, 200, LIFETIMES.live);
  });

  routes.post("/remove", async (c) => {
    parametersOf(c.req.url, []);
    const body = await readRequestJson(c.req.raw, mirrorRemoval);
    const mirror = named(body.source);
    const entries = entriesOf(body.projects, false).map(({ pattern, specifiers }) => ({
      pattern,
      specifiers: specifiers === "" ? null : specifiers,
    }));
    const { now } = c.get("ctx");
    const entry = auditEntry("mirror.remove", c.get("author"), mirror, body);
    const removed = await lists.remove(keyOf(mirror), entries, entry, now);
    await mirror.queue.send();
    return c.json({ source: mirror.source.name, entries: removed }, 200, LIFETIMES.live);
  });

  routes.post("/run", async (c) => {
    parametersOf(c.req.url, []);
    const { source } = await readRequestJson(c.req.raw, mirrorStart);
    const mirror = named(source);
    const { now } = c.get("ctx");
    await lists.dueNow(keyOf(mirror), now);
    await mirror.queue.send();
    return c.json({ mirrors: [shownStatus(mirror, await lists.status(keyOf(mirror), now), now)] }, 200, LIFETIMES.live);
  });

  const shownOf = async (mirror: SourceMirror, now: number) =>
    shownVerification(mirror.source.name, await verifications.status(keyOf(mirror), MAX_ERRORS), now);

  routes.get("/verification", async (c) => {
    const mirror = named(parametersOf(c.req.url, ["source"]).source);
    return c.json(await shownOf(mirror, c.get("ctx").now), 200, LIFETIMES.live);
  });

  routes.post("/verification", async (c) => {
    parametersOf(c.req.url, []);
    const { source, sample, repair, cached } = await readRequestJson(c.req.raw, verificationStart);
    const mirror = named(source);
    const { now } = c.get("ctx");
    await verifications.begin(keyOf(mirror), { sample, isRepairing: repair, isForCached: cached }, now);
    await mirror.queue.send();
    return c.json(await shownOf(mirror, now), 200, LIFETIMES.live);
  });

  routes.post("/plan", async (c) => {
    parametersOf(c.req.url, []);
    const body = await readRequestJson(c.req.raw, mirrorEntries);
    const mirror = named(body.source);
    const entries = entriesOf(body.projects, body.withDependencies, mirror);
    const { absent, ...plan } = await planMirror(mirror, entries, { ...c.get("ctx"), patient: true });
    const shownPlan: ShownMirrorPlan = {
      source: mirror.source.name,
      ...plan,
      reasons: { ...plan.reasons },
      absent: [...absent],
    };
    return c.json(shownPlan, 200, LIFETIMES.live);
  });

  return routes;
}

/** @throws `bad-request` where there is no such upstream, or none is named and there are several */
function mirrorNamed(name: string | undefined, mirrors: MirrorApi["mirrors"]): SourceMirror {
  const all = [...mirrors.values()];
  const [only] = all;
  if (name === undefined && only && all.length === 1) return only;
  const found = all.find(({ source }) => source.name === name);
  if (found) return found;
  const names = all.map(({ source }) => source.name).join(", ") || "none";
  throw badRequest(
    name === undefined
      ? `There are several upstreams: name one with source (--source): ${names}.`
      : `There is no upstream ${JSON.stringify(name.slice(0, 40))} here; there are: ${names}.`,
  );
}

/** @throws `unprocessable` for a text that is no entry, or a name that the source is never asked for */
function entriesOf(projects: readonly string[], withDependencies: boolean, mirror?: SourceMirror): MirrorEntry[] {
  return projects.map((text) => {
    const entry = asMirrorEntry(text, withDependencies);
    if (!entry) {
      throw new IndexError(
        "unprocessable",
        `The request cannot be read: ${JSON.stringify(text.slice(0, 80))} is not a project's name or a pattern (demo, acme-*, *), with extras and versions where wanted (demo[fast]>=2,<3).`,
      );
    }
    const name = asProjectName(entry.pattern);
    if (mirror && name && !mirror.mayHave(name)) {
      throw new IndexError(
        "unprocessable",
        `${mirror.source.name} is never asked for ${name}: its "projects" in the configuration claim other names.`,
      );
    }
    return entry;
  });
}

function auditEntry(
  action: Extract<AuditAction, `mirror.${string}`>,
  author: Author,
  { source }: SourceMirror,
  { projects, ...body }: { readonly projects: readonly string[]; readonly withDependencies?: boolean },
): NewAuditEntry {
  const details = {
    projects: projects.slice(0, MAX_NAMED),
    ...(projects.length > MAX_NAMED && { more: projects.length - MAX_NAMED }),
    ...(body.withDependencies && { withDependencies: true }),
  };
  return { ...author, action, index: "*", project: "", subject: source.name, details };
}

function shownStatus({ source, config }: SourceMirror, status: MirrorStatus, now: number): ShownMirror {
  const { dueSince, run, isListingDue, isVerifying, ...numbers } = status;
  return {
    source: source.name,
    serve: config.isComplete ? "complete" : "through",
    requestsPerSecond: config.requestsPerSecond,
    ...numbers,
    dueSince: dueSince === null ? null : isoOf(dueSince),
    isIdle: status.due === 0 && !isListingDue && (isVerifying || !run?.isUnderWay),
    run: run && {
      began: isoOf(run.beganAt),
      heard: isoOf(run.heardAt),
      isUnderWay: run.isUnderWay,
      requests: run.requests,
      files: run.files,
      bytes: run.bytes,
      retry: run.retryAt > now ? isoOf(run.retryAt) : null,
      failure: run.failure,
      ceiling: run.ceiling,
    },
  };
}
