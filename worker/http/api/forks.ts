import { Hono } from "hono";
import type { ForkBody, forkList, ShownFork, wholeFork } from "../../../schema/fork.ts";
import type * as z from "zod/mini";
import { SOME_PROJECT } from "../../auth/principal.ts";
import { IndexError } from "../../errors.ts";
import type { AdvisoriesOn, Fork, Forks, ListedFork } from "../../publishing/fork.ts";
import { hostingIndex, type ReleaseIndex } from "../../publishing/releases/optimistic-write.ts";
import { normalVersion } from "../../pypi/pep440.ts";
import { parseProjectName } from "../../pypi/name.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES, makePrivate } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import { parametersOf } from "./parameters.ts";

/** An index, with the patterns of hosted names that hide no upstream's releases. */
export interface MergingIndex extends ReleaseIndex {
  readonly merge: readonly string[];
}

/** The forks of an index, to be mounted at `/-/api/indexes`. */
export function forkRoutes(
  authorize: Authorize,
  indexes: readonly MergingIndex[],
  forks: Forks,
  advisoriesOn: AdvisoriesOn,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use("/:index/forks/*", async (c, next) => {
    await authorize(c, { scope: "read", index: c.req.param("index"), project: SOME_PROJECT });
    await next();
    makePrivate(c.res.headers);
  });
  routes.use("/:index/forks/*", allowOnly("GET", "HEAD"));

  routes.get("/:index/forks", async (c) => {
    parametersOf(c.req.url, []);
    const { name: index } = hostingIndex(indexes, c.req.param("index"));
    const merge = [...(indexes.find(({ name }) => name === index)?.merge ?? [])];
    const all = await forks.list(index);
    const listed = await Promise.all(all.map(async (fork) => shown(fork, await advisoriesOn(fork, c.get("ctx")))));
    return c.json({ index, merge, forks: listed } satisfies z.infer<typeof forkList>, 200, LIFETIMES.live);
  });

  routes.get("/:index/forks/:project/:version", async (c) => {
    parametersOf(c.req.url, []);
    const { index: name, project: raw, version } = c.req.param();
    const { name: index } = hostingIndex(indexes, name);
    const project = parseProjectName(raw);
    const fork = await forks.find(index, project, normalVersion(version) ?? version);
    if (!fork) throw new IndexError("file-not-found", `${index} has no fork ${project} ${version.slice(0, 100)}.`);
    const whole = { ...shown(fork, await advisoriesOn(fork, c.get("ctx"))), patches: [...fork.patches] };
    return c.json(whole satisfies z.infer<typeof wholeFork>, 200, LIFETIMES.live);
  });
  return routes;
}

/** A fork as an upload describes it, with the digests of its patches. */
export const forkOf = ({ base, patches, reason }: ForkBody): Fork => ({
  base,
  reason,
  patches: patches.map(({ name, content }) => ({
    name,
    content,
    sha256: sha256(Uint8Array.from(atob(content), (each) => each.charCodeAt(0))),
  })),
});

const shown = (
  { project, version, base, patches, reason, by, at, isOffered }: ListedFork,
  advisories: readonly string[],
): ShownFork => ({
  project,
  version,
  base,
  patches: patches.map(({ name, sha256: digest }) => ({ name, sha256: digest })),
  reason,
  by,
  at: new Date(at).toISOString(),
  offered: isOffered,
  advisories: [...advisories],
});
