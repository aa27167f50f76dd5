/** A large file through pypi-edge, before and after it is stored. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withProduct } from "../harness/product.ts";
import { locateFile } from "./download.ts";
import type { LargeFile } from "./files.ts";
import { type Measurement, measureDownload } from "./measurement.ts";
import type { Origin } from "./origin.ts";

/** A queue may wait before it delivers, and stores at the upstream's pace. */
const STORE_MS = 180_000;
const QUIET_MS = 2_000;

/** Many clients at once that want a file which is not stored. */
export function productCrowd(file: LargeFile, origin: Origin, state: string, clients: number): Promise<Measurement> {
  return measureCold("pypi-edge, cold", file, origin, state, clients);
}

/** Cold, then warm after a restart, so that both begin with a runtime that has done nothing. */
export async function productCases(file: LargeFile, origin: Origin, state: string): Promise<Measurement[]> {
  const cold = await measureCold("pypi-edge, cold", file, origin, state, 1);
  const warm = await withProduct(origin.simple, state, async ({ pid, simple }) => {
    const url = await locateFile(simple, file.project);
    const { requests } = origin.watch(file);
    const measured = await measureDownload({ label: "pypi-edge, warm", pid, url }, file, origin);
    if (requests() === 0) return measured;
    return { ...measured, remarks: [...measured.remarks, "**went upstream**"] };
  });
  return [cold, warm];
}

function measureCold(
  label: string,
  file: LargeFile,
  origin: Origin,
  state: string,
  clients: number,
): Promise<Measurement> {
  return withProduct(origin.simple, state, async ({ pid, simple }) => {
    const url = await locateFile(simple, file.project);
    const { requests } = origin.watch(file);
    const afterwards = async (): Promise<string[]> => {
      const remarks = await settle(file, origin, state);
      // All clients follow one fill.
      if (requests() !== 1) remarks.push(`**fetched ${requests()} times, not once**`);
      return remarks;
    };
    return measureDownload({ label, pid, url, clients, afterwards }, file, origin);
  });
}

/** Waits until the file's bytes are in the state directory and the upstream has been left alone for a while. Resolves to remarks. */
export async function settle(file: LargeFile, origin: Origin, state: string): Promise<string[]> {
  const deadline = performance.now() + STORE_MS;
  let quietSince = performance.now();
  let stored = false;
  while (performance.now() < deadline) {
    await sleep(250);
    stored = bytesBelow(state) >= file.size;
    if (origin.busy() || !stored) quietSince = performance.now();
    if (performance.now() - quietSince > QUIET_MS) break;
  }
  return stored ? [] : [`**not stored within ${STORE_MS / 1000} s**`];
}

function bytesBelow(directory: string): number {
  let sum = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // A file may be renamed or removed while it is looked at.
    sum += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}
