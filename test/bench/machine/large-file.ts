/** A large file through a server that has nothing stored, and once more when it is stored. */
import { cpuMeter } from "../harness/cpu.ts";
import { download, locateFile } from "../stream/download.ts";
import type { LargeFile } from "../stream/files.ts";
import type { Origin } from "../stream/origin.ts";
import { settle } from "../stream/product-cases.ts";
import type { WayServer } from "./ways.ts";

export interface Transfer {
  readonly seconds: number;
  /** CPU seconds of the server with all its processes, until the file is stored. */
  readonly cpu?: number;
}

export interface Transfers {
  readonly cold: Transfer;
  readonly stored?: Transfer;
  /** What a reader must know, failures first. */
  readonly remarks: readonly string[];
}

/** Throws where a client gets other bytes than the upstream's. */
export async function measureTransfers(server: WayServer | null, origin: Origin, file: LargeFile): Promise<Transfers> {
  if (!server) return { cold: { seconds: await read(origin.fileUrl(file), file) }, remarks: [] };
  const url = await locateFile(server.simple, file.project);
  const meter = await cpuMeter(server.pid);
  const measure = async (act: () => Promise<number>): Promise<Transfer> => {
    let seconds = 0;
    const cpu = await meter.during(async () => (seconds = await act()));
    return { seconds, cpu: cpu / 1000 };
  };

  let remarks: readonly string[] = [];
  const cold = await measure(async () => {
    const seconds = await read(url, file);
    remarks = await settle(file, origin, server.state);
    return seconds;
  });
  const { requests } = origin.watch(file);
  const stored = await measure(() => read(url, file));
  return { cold, stored, remarks: requests() === 0 ? remarks : [...remarks, "**the stored file was fetched again**"] };
}

async function read(url: URL, file: LargeFile): Promise<number> {
  const { seconds, sha256 } = await download(url);
  if (sha256 !== file.sha256) throw new Error(`other bytes than the upstream's at ${url.href}`);
  return seconds;
}
