/** What the local runtime and its KV cost for a page's bytes, without pypi-edge. */
import { join } from "node:path";
import { cpuMeter } from "../harness/cpu.ts";
import { request } from "../harness/http.ts";
import { startSimulator } from "../harness/simulator.ts";
import type { PageCosts, Plan, Samples } from "./cases.ts";

export interface SimulatorCosts {
  /** Of a value as large as the gzipped JSON. */
  readonly read: Samples;
  /** Of a value as large as the gzipped HTML. */
  readonly write: Samples;
}

export async function simulatorCosts(
  sizes: PageCosts["sizes"],
  state: string,
  { rounds, requests }: Plan,
): Promise<SimulatorCosts> {
  const simulator = await startSimulator(join(import.meta.dirname, "simulator-worker.js"), state);
  try {
    const meter = await cpuMeter(simulator.pid);
    const each = async (url: URL, bytes: number): Promise<number> => {
      const cost = await meter.during(async () => {
        for (let sent = 0; sent < requests; sent++) await ask(url, bytes);
      });
      return cost / requests;
    };
    const put = (bytes: number): URL => simulator.at("put", { bytes: `${bytes}` });
    const [read, write]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      write.push(await each(put(sizes.html), 0));
      await ask(put(sizes.json), 0);
      read.push(await each(simulator.at("get", {}), sizes.json));
    }
    return { read, write };
  } finally {
    await simulator.stop();
  }
}

async function ask(url: URL, bytes: number): Promise<void> {
  const { status, body } = await request(url, {});
  if (status !== 200 || body.length !== bytes) throw new Error(`status ${status}, ${body.length} bytes of ${url}`);
}
