/** `uv pip install` by a client without a cache, through a server that has nothing stored. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuMeter } from "../harness/cpu.ts";
import { memoryBelow } from "../harness/process-table.ts";
import { type Uv, uvPip } from "../harness/uv.ts";
import { FIRST_PACKAGE, PACKAGES } from "./content.ts";
import type { WayServer } from "./ways.ts";

export interface Installation {
  readonly seconds: number;
  /** CPU seconds of the server with all its processes, what it does after its answers included. */
  readonly cpu?: number;
  /** Resident memory of the server's processes afterwards. */
  readonly bytes?: number;
}

/** Installs all packages; throws where one is missing afterwards. */
export async function measureInstallation(server: WayServer | null, upstream: URL, uv: Uv): Promise<Installation> {
  if (!server) return { seconds: await install(upstream, uv) };
  const meter = await cpuMeter(server.pid);
  let seconds = 0;
  const cpu = await meter.during(async () => (seconds = await install(server.simple, uv)));
  return { seconds, cpu: cpu / 1000, bytes: memoryBelow(server.pid, "VmRSS") };
}

async function install(index: URL, uv: Uv): Promise<number> {
  const target = mkdtempSync(join(uv.scratch, "installed-"));
  const { seconds } = await uvPip("install", ["--target", target, FIRST_PACKAGE], index, uv);
  const installed = readdirSync(target).filter((name) => name.endsWith(".dist-info")).length;
  if (installed !== PACKAGES) throw new Error(`uv installed ${installed} packages instead of ${PACKAGES}`);
  rmSync(target, { recursive: true });
  return seconds;
}
