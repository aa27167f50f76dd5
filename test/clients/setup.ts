import type { TestProject } from "vitest/node";
import { builtCommands, builtServer } from "../../cli/build/build.ts";
import { startIndexServers } from "../support/node/index-servers.ts";
import {
  gatherOthers,
  gatherPublishers,
  gatherSupplies,
  saySkipped,
  type Others,
  type PublisherHomes,
  type Supplies,
} from "../support/node/supplies.ts";

declare module "vitest" {
  export interface ProvidedContext {
    supplies: Supplies;
    others: Others;
    publishers: PublisherHomes;
    /** Two index servers that others wrote; null: they could not be had, and their tests are skipped. */
    upstreams: { readonly json: string; readonly html: string } | null;
  }
}

/** Runs once before the client tests: gets what they need, starts the index servers, and says at the end what was skipped. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Built before test files, side by side, start it: each of them would build it, into the same folder.
  const [supplies, others, publishers] = await Promise.all([
    gatherSupplies(["pip", "pip-older", "uv-pip", "bandersnatch"]),
    gatherOthers(),
    gatherPublishers(["twine", "uv"]),
    builtServer(),
    builtCommands(),
  ]);
  const { servers, wheels } = others;
  const running = servers === null || wheels === null ? null : await startIndexServers(servers, wheels);
  project.provide("supplies", supplies);
  project.provide("others", others);
  project.provide("publishers", publishers);
  project.provide("upstreams", running && { json: running.json, html: running.html });
  return async () => {
    await running?.stop();
    saySkipped(project, [...supplies.missing, ...others.missing, ...publishers.missing]);
  };
}
