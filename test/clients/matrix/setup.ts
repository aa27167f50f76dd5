import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { deployedBundle } from "../../support/node/workerd/build.ts";
import { builtCommands, builtServer } from "../../../cli/build/build.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { incompressible, largeWheel } from "../../support/node/fake-index/content.ts";
import { startIndexServers } from "../../support/node/index-servers.ts";
import { gatherOthers, gatherPublishers, gatherSupplies, saySkipped } from "../../support/node/supplies.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the large wheel lies: made once, since making it costs seconds. */
    large: string;
    /** Where a wheel lies that is larger than one request may be. */
    freight: string;
  }
}

/** Runs once before the rows: gets the clients, and says at the end what was skipped for want of one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = temporaryDirectory();
  const [supplies, others, publishers, boulder, freight] = await Promise.all([
    gatherSupplies(),
    gatherOthers(),
    gatherPublishers(),
    largeWheel(),
    buildWheel({ name: "freight", version: "1.0", files: { "freight/stone.bin": incompressible(120_000_000) } }),
    builtServer(),
    builtCommands(),
    deployedBundle(),
  ]);
  const put = ({ filename, bytes }: Wheel): string => {
    const path = join(folder, filename);
    writeFileSync(path, bytes);
    return path;
  };
  const { servers, wheels } = others;
  const running = servers === null || wheels === null ? null : await startIndexServers(servers, wheels);
  project.provide("supplies", supplies);
  project.provide("others", others);
  project.provide("upstreams", running && { json: running.json, html: running.html });
  project.provide("publishers", publishers);
  project.provide("large", put(boulder));
  project.provide("freight", put(freight));
  return async () => {
    await running?.stop();
    removeDirectory(folder);
    saySkipped(project, [...supplies.missing, ...others.missing, ...publishers.missing]);
  };
}
