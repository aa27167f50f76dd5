import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Access } from "../../../cli/demo/witness.ts";
import type { Client, Lock, Pinned } from "../../support/node/clients/client.ts";
import { Place } from "../../support/node/clients/place.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { paths, repeated, type Rig } from "../../support/node/rig.ts";

/** Everything a situation needs. */
export interface Stage {
  readonly client: Client;
  readonly rig: Rig;
  /** What the index behind pypi-edge offers. */
  readonly content: readonly Distribution[];
}

const PICNIC = { picnic: "1.0", basket: "1.4", sandwich: "2.1", bread: "1.9" };

/** Nothing is stored: each page and file is fetched, and fetched once. */
export async function cold(stage: Stage): Promise<void> {
  const requests = await installs(stage, "picnic", PICNIC);
  expect(paths(requests, ".whl").length).toBeGreaterThanOrEqual(Object.keys(PICNIC).length);
  expect(repeated(requests)).toEqual([]);
}

/** What was installed before is installed again, and the upstream is asked for nothing. */
export async function warm(stage: Stage): Promise<void> {
  expect(await installs(stage, "picnic", PICNIC)).toEqual([]);
}

/** The same once more, with no upstream behind pypi-edge. */
export async function upstreamDown(stage: Stage): Promise<void> {
  await stage.rig.witness.stop();
  try {
    await installs(stage, "picnic", PICNIC);
  } finally {
    await stage.rig.witness.start();
  }
}

/** The client insists on the hashes of its lock file. */
export function hashesPinned(stage: Stage): Promise<void> {
  return withLock(stage, async (lock, place) => {
    const { code, output } = await lock.install(stage.rig.index, place);
    expect(code, output).toBe(0);
    await expectVersions(place, PICNIC);
  });
}

/** The lock file has another hash for a file than the file has. */
export function wrongHash(stage: Stage): Promise<void> {
  return withLock(stage, async (lock, place) => {
    const path = join(place.folder, lock.file);
    const right = digestOf(stage, "basket");
    const text = readFileSync(path, "utf8");
    expect(text).toContain(right);
    writeFileSync(path, text.replaceAll(right, "0".repeat(64)));
    const { code, output } = await lock.install(stage.rig.index, place);
    expect(code, output).not.toBe(0);
    expect(output).toMatch(lock.mismatch);
    expect(await place.versionOf("basket")).toContain("ModuleNotFoundError");
  });
}

/** A file arrives from the upstream with a byte changed: it is refused and not kept, so that a sound one is fetched later. */
export async function fileTamperedWith(stage: Stage): Promise<void> {
  const restore = stage.rig.witness.tamper(".whl");
  const spoiled = await fails(stage, "mustard");
  restore();
  expect(paths(spoiled.requests, ".whl")).not.toEqual([]);
  const requests = await installs(stage, "mustard", { mustard: "0.3" });
  expect(paths(requests, ".whl")).toHaveLength(1);
}

/** The client says that there is none, and nothing has failed here. */
export async function absentProject(stage: Stage): Promise<void> {
  const { output } = await fails(stage, "no-such-project");
  expect(output).toMatch(stage.client.notFound);
  expect(stage.rig.log).not.toMatch(/answered 5\d\d|internal error/);
}

/** Installs into a new environment, looks for these versions of modules there, and answers with what reached the upstream. */
export async function installs(
  { client, rig }: Stage,
  requirement: string,
  versions: Readonly<Record<string, string>>,
): Promise<readonly Access[]> {
  const place = await Place.make();
  try {
    rig.witness.take();
    const { code, output } = await client.install(requirement, rig.index, place);
    expect(code, output).toBe(0);
    await expectVersions(place, versions);
    return rig.witness.take();
  } finally {
    place.remove();
  }
}

async function fails({ client, rig }: Stage, requirement: string) {
  const place = await Place.make();
  try {
    rig.witness.take();
    const { code, output } = await client.install(requirement, rig.index, place);
    expect(code, output).not.toBe(0);
    return { output, requests: rig.witness.take() };
  } finally {
    place.remove();
  }
}

/** Has the client write the hashes of picnic and forget all else, and goes on from there. */
async function withLock(stage: Stage, goOn: (lock: Lock, place: Place) => Promise<void>): Promise<void> {
  const { lock } = stage.client;
  if (lock === undefined) throw new Error("a client that has no hashes of its own needs a note that says so");
  const place = await Place.make();
  try {
    const written = await lock.write(pinned(stage), stage.rig.index, place);
    expect(written.code, written.output).toBe(0);
    place.forget();
    await goOn(lock, place);
  } finally {
    place.remove();
  }
}

function pinned(stage: Stage): Pinned {
  const files = Object.entries(PICNIC).map(([project, version]) => ({
    project,
    version,
    sha256: digestOf(stage, project),
  }));
  return { requirement: "picnic", files };
}

function digestOf({ content }: Stage, project: string): string {
  return content.find((file) => file.project === project)?.sha256 ?? "";
}

async function expectVersions(place: Place, versions: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(versions);
  const read = await Promise.all(names.map(async (module) => [module, await place.versionOf(module)]));
  expect(Object.fromEntries(read)).toEqual(versions);
}
