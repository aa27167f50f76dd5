/** `uv pip install` by a client without a cache, through a server that has nothing stored. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuMeter } from "../harness/cpu.ts";
import { memoryBelow } from "../harness/process-table.ts";
import { type Uv, uvPip } from "../harness/uv.ts";
import { INSTALLED } from "./content.ts";
import type { WayServer } from "./ways.ts";

/** What a client did through a server that had nothing stored. */
export interface Installation {
  readonly seconds: number;
  /** Installed, or locked. */
  readonly packages: number;
  /** CPU seconds of the server with all its processes, what it does after its answers included. */
  readonly cpu?: number;
  /** Resident memory of the server's processes afterwards. */
  readonly bytes?: number;
}

/** Installs all packages. */
export const measureInstallation = (server: WayServer | null, upstream: URL, uv: Uv): Promise<Installation> =>
  measured(server, upstream, (index) => install(index, uv));

/** What `act` does over the server's index, with the server's CPU and memory; over the upstream's where there is no server. */
export async function measured(
  server: WayServer | null,
  upstream: URL,
  act: (index: URL) => Promise<Installation>,
): Promise<Installation> {
  if (!server) return act(upstream);
  const meter = await cpuMeter(server.pid);
  let done: Installation = { seconds: 0, packages: 0 };
  const cpu = await meter.during(async () => (done = await act(server.simple)));
  return { ...done, cpu: cpu / 1000, bytes: memoryBelow(server.pid, "VmRSS") };
}

async function install(index: URL, uv: Uv): Promise<Installation> {
  const target = mkdtempSync(join(uv.scratch, "installed-"));
  // The target has no bytecode: to compile it is uv's work alone, and takes longer than the rest.
  const { seconds } = await uvPip("install", ["--target", target, ...INSTALLED], index, uv);
  const packages = readdirSync(target).filter((name) => name.endsWith(".dist-info")).length;
  rmSync(target, { recursive: true });
  return { seconds, packages };
}
