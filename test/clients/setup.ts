import type { TestProject } from "vitest/node";
import { build } from "../../cli/server/build.ts";
import { gatherSupplies, type Supplies } from "../support/node/clients.ts";
import { startIndexServers } from "../support/node/index-servers.ts";

/** What the client tests are given; null: there is no upstream, and they are skipped. */
export interface Provided {
  readonly supplies: Supplies;
  readonly upstreams: { readonly json: string; readonly html: string } | null;
}

declare module "vitest" {
  export interface ProvidedContext {
    clients: Provided;
  }
}

/** Runs once before the client tests: gets what they need, starts the index servers, and says at the end what was skipped. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Built before test files, side by side, start it: each of them would build it, into the same folder.
  const [supplies] = await Promise.all([gatherSupplies(), build()]);
  const { servers, wheels, missing } = supplies;
  const running = servers === null || wheels === null ? null : await startIndexServers(servers, wheels);
  const upstreams = running === null ? null : { json: running.json, html: running.html };
  project.provide("clients", { supplies, upstreams });
  return async () => {
    await running?.stop();
    if (missing.length > 0) {
      console.log(
        `skipped: ${countSkipped(project)} client tests: no wheels for ${missing.join(", ")}: set WHEELHOUSE or configure pip`,
      );
    }
  };
}

function countSkipped(project: TestProject): number {
  const modules = project.vitest.state.getTestModules().filter((module) => module.project === project);
  return modules.reduce((sum, module) => sum + [...module.children.allTests("skipped")].length, 0);
}
