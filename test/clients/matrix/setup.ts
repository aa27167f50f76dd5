import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { discard, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { build } from "../../../cli/server/build.ts";
import { largeWheel } from "../../support/node/fake-index/content.ts";
import { gatherSupplies, saySkipped } from "../../support/node/supplies.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the large wheel lies: made once, since making it costs seconds. */
    large: string;
  }
}

/** Runs once before the rows: gets the clients, and says at the end what was skipped for want of one. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = temporaryDirectory();
  const [supplies, wheel] = await Promise.all([gatherSupplies(), largeWheel(), build()]);
  const large = join(folder, wheel.filename);
  writeFileSync(large, wheel.bytes);
  project.provide("supplies", supplies);
  project.provide("large", large);
  return () => {
    discard(folder);
    saySkipped(project, supplies.missing);
  };
}
