/**
 * A server in use: it has served an installation of other packages before. A team's server runs for weeks, and a process that
 * has just begun interprets what one in use has compiled. Nothing of the packages that are measured is stored.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { type Uv, uvPip } from "../harness/uv.ts";
import { wheelOf } from "./content.ts";
import type { WayServer } from "./ways.ts";

/** As many other packages as the installation that is measured has. */
const OTHERS = 110;

/** More says nothing more of small files, and takes the run's time. Bytes. */
const LARGEST = 1_000_000;

/** Packages that no real one requires, with sizes from all of those of `real`. */
export function otherWheels(real: readonly Wheel[]): Promise<Wheel[]> {
  const sizes = real.map(({ bytes }) => bytes.byteLength).toSorted((one, other) => one - other);
  return Promise.all(
    Array.from({ length: OTHERS }, (_, at) =>
      wheelOf(`other${at}`, Math.min(LARGEST, sizes[Math.floor((at / OTHERS) * sizes.length)] ?? 0)),
    ),
  );
}

/** Has a client without a cache install the other packages through the server. */
export async function serveOthers(server: WayServer, others: readonly Wheel[], uv: Uv): Promise<void> {
  const target = mkdtempSync(join(uv.scratch, "others-"));
  await uvPip("install", ["--target", target, ...others.map(({ project }) => project)], server.simple, uv);
  rmSync(target, { recursive: true });
}
