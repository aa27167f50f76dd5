import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { CLI, pypiEdge } from "../../support/node/command.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { unattested } from "../../support/node/fake-index/unattested.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team } from "../../support/node/team.ts";

const FILES = 40;
// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);

const work = temporaryDirectory();
let rig: Rig;
let wheels: readonly Wheel[];

beforeAll(async () => {
  wheels = await Promise.all(
    Array.from({ length: FILES }, (_, at) =>
      buildWheel({ name: "acme", version: `1.${at}`, files: { "acme/data.bin": incompressible(100_000 + at) } }),
    ),
  );
  mkdirSync(join(work, "files"));
  for (const { filename, bytes } of wheels) writeFileSync(join(work, "files", filename), bytes);
  // It is the upstream of the index, and the index that is migrated from.
  rig = await Rig.open(unattested(fakeIndex(wheels, () => "pypi")));
});
afterAll(async () => {
  await rig?.close();
  removeDirectory(work);
});

function wordsFrom(source: string): string[] {
  const access = ["--url", new URL("/", rig.index).href, "--state", rig.state];
  return ["migrate", source, "--index", "team", "--project", "acme", "--keep-times", ...access];
}

/** Each file is there with its own bytes, and what is stored is sound. */
async function expectAll(what: string): Promise<void> {
  const files = await new Team(rig).hosted("acme");
  const found = files.map(({ filename, sha256 }) => `${filename} ${sha256}`).toSorted();
  expect(found, what).toEqual(wheels.map(({ filename, sha256 }) => `${filename} ${sha256}`).toSorted());
  expect(await pypiEdge(["verify", "--state", rig.state], work), what).toMatchObject({ code: 0 });
}

test.each([
  ["a folder", "the command", () => "files"],
  ["a folder", "the server", () => "files"],
  ["an index", "the command", () => rig.witness.index],
  ["an index", "the server", () => rig.witness.index],
])(
  "a migration from %s is done by the same command where %s is killed at a random moment",
  async (_from, what, from) => {
    await rig.startAnew();
    const begun = performance.now();
    expect(await pypiEdge(wordsFrom(from()), work)).toMatchObject({ code: 0 });
    const whole = performance.now() - begun;
    let killed = 0;
    for (let at = 0; at < KILLS / 4; at++) {
      await rig.startAnew();
      const child = spawn(process.execPath, [CLI, ...wordsFrom(from())], { cwd: work, stdio: "ignore" });
      const ended = once(child, "exit");
      await Promise.race([ended, sleep(Math.random() * whole)]);
      if (child.exitCode === null) killed++;
      if (what === "the server") {
        await rig.kill();
        await rig.start();
        await ended;
      } else {
        child.kill("SIGKILL");
        await ended;
      }
      const again = await pypiEdge(wordsFrom(from()), work);
      expect(again, `${what}, round ${at}`).toMatchObject({ code: 0 });
      await expectAll(`${what}, round ${at}`);
    }
    expect(killed).toBeGreaterThan(0);
  },
);
