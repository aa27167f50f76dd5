import { buildWheel } from "../../cli/demo/wheel.ts";
import type { Random } from "../fuzz/random.ts";
import type { Distribution } from "../support/node/fake-index/distribution.ts";
import { incompressible } from "../support/node/fake-index/content.ts";

const PROJECTS = 24;
const LATER = 40;

/** A name of the upstream's that the team hosts as well, so that the upstream's files must not be in the team's index. */
export const HIDDEN = "hidden";

/** The upstream's files: those that are there from the beginning, and those that are published later, in order. */
export interface Content {
  readonly first: readonly Distribution[];
  readonly later: readonly Distribution[];
}

/** Makes the upstream's files. Most are small; some have several MB and one in fifty is above the memory's limits. */
export async function contentOf(random: Random): Promise<Content> {
  const names = Array.from({ length: PROJECTS }, (_, at) => `soak-${at}`);
  const first: Distribution[] = [await fileOf(HIDDEN, "1.0", 5_000)];
  for (const [at, name] of names.entries()) {
    first.push(await fileOf(name, "1.0", at === 0 ? 24_000_000 : sizeBy(random)));
    first.push(await fileOf(name, "1.1", sizeBy(random)));
  }
  const later: Distribution[] = [];
  for (let at = 0; at < LATER; at++) later.push(await fileOf(random.pick(names), `2.${at}`, sizeBy(random)));
  return { first, later };
}

function sizeBy(random: Random): number {
  if (random.oneIn(12)) return 1_000_000 + random.below(6_000_000);
  return 1_000 + random.below(random.oneIn(3) ? 300_000 : 30_000);
}

async function fileOf(name: string, version: string, size: number): Promise<Distribution> {
  const wheel = await buildWheel({ name, version, files: { "payload.bin": incompressible(size) } });
  // In memory that threads share.
  const bytes = new Uint8Array(new SharedArrayBuffer(wheel.bytes.byteLength));
  bytes.set(wheel.bytes);
  return { ...wheel, bytes };
}
