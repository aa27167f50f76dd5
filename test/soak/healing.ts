import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE, SECOND } from "../../worker/duration.ts";
import { ADMIN, bearer, type Heard, type World } from "./world.ts";
import { checkFile } from "./clients/files.ts";
import { HIDDEN } from "./content.ts";
import { readListed } from "./clients/pages.ts";
import { checkUpload } from "./clients/releases.ts";
import { runJob } from "./clients/watch.ts";

/** A host that failed is asked again after half a minute at most, and a page after its lifetime. Milliseconds. */
const HEALS_WITHIN = MINUTE;

/** A revocation takes effect within so long. Milliseconds. */
const REVOKED_WITHIN = 31 * SECOND;

/**
 * Descriptors that may be open beside those of the beginning: idle connections, and files of SQLite that are opened when they are
 * first used. Those that are never closed, one for each request of some kind, would be hundreds.
 */
const MORE_DESCRIPTORS = 16;

/** A connection that nothing uses is closed within so long, by nginx too, which keeps it for a minute. Milliseconds. */
const CLOSES_WITHIN = 90 * SECOND;

/** With a sound upstream all comes right: pages with what was published last, files, uploads, tokens. */
export async function expectHealed(world: World): Promise<void> {
  const until = performance.now() + HEALS_WITHIN;
  await runJob(world, "feed");
  for (const project of world.projects.filter((name) => name !== HIDDEN)) await expectNewest(world, project, until);
  for (const entry of world.ledger.uploads) await checkUpload(world, entry);
  await expectRevoked(world);
}

/** A project's page lists all that is published, and its newest file comes whole. */
async function expectNewest(world: World, project: string, until: number): Promise<void> {
  const published = world.published().filter((file) => file.project === project);
  const newest = published.at(-1);
  if (!newest) return;
  const page = await untilGood(world, `/simple/${project}/`, until, (heard) => {
    const names = readListed(world, heard, [200, 503])?.map(({ filename }) => filename) ?? [];
    return published.every(({ filename }) => names.includes(filename));
  });
  if (!page) return;
  const isWhole = (heard: Heard) => heard.status === 200 && heard.end === "whole";
  const file = await untilGood(world, world.pathOf(newest), until, isWhole);
  if (file) checkFile(world, file, newest);
}

async function untilGood(world: World, path: string, until: number, isGood: (heard: Heard) => boolean) {
  for (let said = ""; ;) {
    const heard = await world.ask(path, {
      headers: { accept: "application/vnd.pypi.simple.v1+json" },
      mayBreak: true,
    });
    if (isGood(heard)) return heard;
    if (performance.now() > until) {
      world.violated(heard, "comes right after the upstream is sound again", `${heard.status}; ${said.slice(0, 300)}`);
      return undefined;
    }
    await sleep(SECOND);
    // The change log confirms pages until it is followed to a later change.
    said = await runJob(world, "feed");
  }
}

async function expectRevoked(world: World): Promise<void> {
  for (const [at, { text, revokedAt }] of world.ledger.tokens.entries()) {
    if (revokedAt === undefined) continue;
    await sleep(Math.max(0, revokedAt + REVOKED_WITHIN - performance.now()));
    const from = { "x-forwarded-for": `10.250.${at % 250}.${at % 251}` };
    world.expect(await world.ask("/team/simple/soak-1/", { headers: { ...bearer(text), ...from } }), [401, 429]);
  }
}

/** No dead letter and no failure is left by the jobs, and as many descriptors are open as at the beginning. */
export async function expectTidy(world: World, atStart: number): Promise<void> {
  for (const job of ["sweep", "clean"]) await runJob(world, job);
  const metrics = await world.ask("/-/metrics", { headers: ADMIN });
  world.expect(metrics, [200]);
  world.asker.close();
  const until = performance.now() + CLOSES_WITHIN;
  while (world.subject.descriptors() > atStart + MORE_DESCRIPTORS && performance.now() < until) await sleep(SECOND / 2);
  const open = world.subject.descriptors();
  if (open > atStart + MORE_DESCRIPTORS)
    world.fault("all connections closed", `${atStart} descriptors`, `${open}: ${world.subject.openFiles()}`);
}
