import { Hono } from "hono";
import { resolvePolicy, type PolicyConfig } from "../../../schema/policy.ts";
import { forecastRequest, type PendingFiles, type PolicyForecast } from "../../../schema/policy-outlook.ts";
import { DAY } from "../../duration.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { ExplainedFile, Explain } from "../../repository/explanation.ts";
import type { Context } from "../../repository/context.ts";
import { heldUntil, heldVersions } from "../../repository/held-fixes.ts";
import { inPool } from "../../repository/pool.ts";
import type { AskedFor, AskedProject, AskedProjects } from "../../repository/ports/asked-for.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { shownFix } from "./held-fixes.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";

/** How many pages are read at a time. */
const PAGES_AT_ONCE = 6;

/** The days that are looked back where the request does not say, and at most: older demand is forgotten. */
const LOOK_BACK = 7;
const MAX_DAYS = 42;

/** What the routes need of an index. */
export interface OutlookParts {
  readonly authorize: Authorize;
  readonly askedFor: AskedFor;
  readonly index: string;
  /** The keys of its sources. */
  readonly sources: readonly string[];
  /** Explains its policy; undefined where it has none. */
  readonly explain: Explain | undefined;
  /** Explains what it would be under a further policy. */
  readonly explainUnder: (policy: PolicyConfig) => Explain;
}

/**
 * What a policy holds, and what it would refuse, of what clients asked for; to be mounted at `{base}/-/api/policy`. It is for
 * admins of the index: it shows what others asked for.
 */
export function policyOutlookRoutes(parts: OutlookParts): Hono<AppEnv> {
  const { authorize, index, explain } = parts;
  const routes = new Hono<AppEnv>();

  routes.get("/pending", async (c) => {
    await authorize(c, { scope: "admin", index });
    const lookedBack = await lookBack(c.req.url, parts, c.get("ctx"));
    const pending = await pendingOf(index, lookedBack, required(explain, index), c.get("ctx"));
    return c.json(pending, 200, LIFETIMES.live);
  });
  routes.use("/pending", allowOnly("GET", "HEAD"));

  routes.post("/forecast", async (c) => {
    const ctx = c.get("ctx");
    await authorize(c, { scope: "admin", index });
    const { policy: given } = await readRequestJson(c.req.raw, forecastRequest);
    const { days, asked, unknown } = await lookBack(c.req.url, parts, ctx);
    const judge = given ? parts.explainUnder(resolvePolicy(index, given)) : required(explain, index);
    const projects = asked.projects.filter(({ files }) => files.length > 0);
    const judged = await explained(projects, judge, unknown, ctx);
    const used = judged.flatMap(([{ name, files }, all]) =>
      all.flatMap((file) => (files.includes(file.filename) ? [{ project: name, file }] : [])),
    );
    const files = used.flatMap(({ project, file }) => {
      const { filename, verdict, rules } = file;
      // Without a policy, it is what the index's own would refuse if it enforced all its rules.
      const acting = rules.filter(({ mode, exempted }) => !exempted && (given === undefined || mode === "enforce"));
      const [first] = given === undefined && verdict === "refused" ? [] : acting;
      return first ? [{ project, filename, rule: first.rule, sentence: first.sentence }] : [];
    });
    const admitted = used.length - files.length;
    const answer: PolicyForecast = { index, days, ...sums(projects, asked.isCut, unknown), admitted, files };
    return c.json(answer, 200, LIFETIMES.live);
  });
  routes.use("/forecast", allowOnly("POST"));

  return routes;
}

/**
 * What an index holds now of what clients asked for lately, what is let through next first. Looking at it is no demand.
 *
 * @param most how many projects are looked at; each is a page to be read
 */
export async function pendingLately(
  { index, askedFor, sources, explain }: Pick<OutlookParts, "index" | "askedFor" | "sources"> & { explain: Explain },
  most: number,
  ctx: Context,
): Promise<PendingFiles> {
  const { projects, isCut } = await askedFor.since(sources, ctx.now - LOOK_BACK * DAY);
  const asked = { projects: projects.slice(0, most), isCut: isCut || projects.length > most };
  return pendingOf(index, { days: LOOK_BACK, asked, unknown: [] }, explain, ctx);
}

/** What clients asked for in so many days. */
interface LookedBack {
  readonly days: number;
  readonly asked: AskedProjects;
  /** For projects that cannot be looked at. */
  readonly unknown: string[];
}

async function pendingOf(
  index: string,
  { days, asked, unknown }: LookedBack,
  explain: Explain,
  ctx: Context,
): Promise<PendingFiles> {
  const held = await explained(asked.projects, explain, unknown, ctx);
  const files = held.flatMap(([{ name }, all]) => all.flatMap((file) => heldFile(name, file)));
  const sorted = files.toSorted((one, other) => Date.parse(one.until) - Date.parse(other.until));
  const heldFixes = held.flatMap(([{ name }, all]) => heldVersions(name, all)).map(shownFix);
  return { index, days, ...sums(asked.projects, asked.isCut, unknown), files: sorted, heldFixes };
}

const sums = (projects: readonly AskedProject[], cut: boolean, unknown: string[]) => ({
  projects: projects.length,
  cut,
  unknown,
});

/** What clients asked for in the days that the query names. */
async function lookBack(url: string, { askedFor, sources }: OutlookParts, ctx: Context): Promise<LookedBack> {
  const { days: given = String(LOOK_BACK) } = parametersOf(url, ["days"]);
  const days = /^[1-9]\d?$/.test(given) ? Number(given) : Number.NaN;
  if (!(days <= MAX_DAYS))
    throw badRequest(`days is ${JSON.stringify(given.slice(0, 40))}; it can be 1 to ${MAX_DAYS}.`);
  return { days, asked: await askedFor.since(sources, ctx.now - days * DAY), unknown: [] };
}

/** What an index says of projects' files; those that it cannot tell of now are added to `unknown`. */
async function explained(
  projects: readonly AskedProject[],
  explain: Explain,
  unknown: string[],
  ctx: Context,
): Promise<(readonly [AskedProject, readonly ExplainedFile[]])[]> {
  return inPool(PAGES_AT_ONCE, projects, async (project) => {
    try {
      return [project, (await explain(project.name, undefined, { ...ctx, isDemand: false })) ?? []] as const;
    } catch (error) {
      if (!(error instanceof IndexError) || error.kind === "storage-failed") throw error;
      unknown.push(project.name);
      return [project, []] as const;
    }
  });
}

/** A file that is refused until a time. */
function heldFile(project: string, { filename, uploadedAt, verdict, rules }: ExplainedFile) {
  const until = heldUntil({ rules });
  if (verdict !== "refused" || until === Infinity) return [];
  const uploadTime = uploadedAt === undefined ? undefined : new Date(uploadedAt).toISOString();
  return [{ project, filename, uploadTime, until: new Date(until).toISOString() }];
}

function required(explain: Explain | undefined, index: string): Explain {
  if (explain) return explain;
  throw badRequest(`Index ${index} has no policy, so that it refuses nothing.`);
}
