/** What the local runtime and its R2 need for a large file, without pypi-edge. */
import type { LargeFile } from "./files.ts";
import { type Measurement, measureDownload } from "./measurement.ts";
import { watchMemory } from "./memory.ts";
import type { Origin } from "./origin.ts";
import { type FileSimulator, startFileSimulator } from "./simulator.ts";

/** Each case has a runtime of its own, so that none inherits another's memory; the last reads what the second stored. */
export async function simulatorCases(file: LargeFile, origin: Origin, state: string): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const measure of [passThrough, put, get]) {
    const simulator = await startFileSimulator(origin, state);
    try {
      measurements.push(await measure(simulator, file, origin));
    } finally {
      await simulator.stop();
    }
  }
  return measurements;
}

/** Many clients at once, each passed through by the local runtime. */
export async function simulatorCrowd(
  file: LargeFile,
  origin: Origin,
  state: string,
  clients: number,
): Promise<Measurement> {
  const simulator = await startFileSimulator(origin, state);
  try {
    const subject = { label: "bare pass-through", pid: simulator.pid, url: simulator.passUrl(file), clients };
    return await measureDownload(subject, file, origin);
  } finally {
    await simulator.stop();
  }
}

function passThrough(simulator: FileSimulator, file: LargeFile, origin: Origin): Promise<Measurement> {
  const { pid } = simulator;
  const subject = { label: "bare pass-through", pid, url: simulator.passUrl(file) };
  return measureDownload(subject, file, origin);
}

async function put(simulator: FileSimulator, file: LargeFile): Promise<Measurement> {
  const memory = watchMemory(simulator.pid);
  const started = performance.now();
  try {
    const answer = await simulator.put(file);
    const stored = answer.body.toString("utf8") === JSON.stringify({ size: file.size });
    return {
      label: "R2 simulator, put",
      clients: 1,
      seconds: (performance.now() - started) / 1000,
      servedBytes: memory.growth(),
      remarks: stored ? [] : [`**not stored: status ${answer.status}**`],
    };
  } finally {
    memory.end();
  }
}

function get(simulator: FileSimulator, file: LargeFile, origin: Origin): Promise<Measurement> {
  const { pid, storedUrl: url } = simulator;
  return measureDownload({ label: "R2 simulator, get", pid, url }, file, origin);
}
