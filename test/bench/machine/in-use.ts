/**
 * A server in use: it has served installations of other packages before. A team's server runs for weeks, and a process that has just
 * begun interprets what one in use has compiled. One installation is too few: after it, pypi-edge takes 1.49 s of CPU for the next,
 * after three 1.13 s, after eight 1.12 s. Nothing of the packages that are measured is stored.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { type Uv, uvPip } from "../harness/uv.ts";
import { wheelOf } from "./content.ts";
import type { WayServer } from "./ways.ts";

const INSTALLATIONS = 4;

/** As many other packages as the installation that is measured has. */
const PACKAGES = 110;

/** V8 compiles, and the server stores, behind the last answer. */
const PAUSE_MS = 500;

/** More says nothing more of small files, and takes the run's time. Bytes. */
const LARGEST = 1_000_000;

/** For each installation packages of its own that no real one requires, with sizes from all of those of `real`. */
export function otherWheels(real: readonly Wheel[]): Promise<Wheel[][]> {
  const sizes = real.map(({ bytes }) => bytes.byteLength).toSorted((one, other) => one - other);
  const sizeOf = (at: number) => Math.min(LARGEST, sizes[Math.floor((at / PACKAGES) * sizes.length)] ?? 0);
  const set = (number: number) =>
    Promise.all(Array.from({ length: PACKAGES }, (_, at) => wheelOf(`other${number * PACKAGES + at}`, sizeOf(at))));
  return Promise.all(Array.from({ length: INSTALLATIONS }, (_, number) => set(number)));
}

/** Has a client without a cache install the other packages through the server, one set after the other. */
export async function serveOthers(server: WayServer, others: readonly (readonly Wheel[])[], uv: Uv): Promise<void> {
  for (const set of others) {
    const target = mkdtempSync(join(uv.scratch, "others-"));
    await uvPip("install", ["--target", target, ...set.map(({ project }) => project)], server.simple, uv);
    rmSync(target, { recursive: true });
    await sleep(PAUSE_MS);
  }
}
