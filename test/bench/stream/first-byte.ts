/** Whether the first bytes are passed on as they come, or wait for more: the upstream pauses after the first 64 KiB. */
import { withProduct } from "../harness/product.ts";
import { figure, median, table } from "../harness/statistics.ts";
import { download, locateFile } from "./download.ts";
import { type LargeFile, largeFile } from "./files.ts";
import type { Origin } from "./origin.ts";
import { startFileSimulator } from "./simulator.ts";

const TRIES = 5;
/** On either side of the size up to which an index may serve and store from one read. */
const MEGABYTES = [32, 96] as const;
const TARGET_MS = 50;

/** Every try has a file of its own: the second one of the same would not go upstream. */
export function tricklingFiles(): LargeFile[] {
  return MEGABYTES.flatMap((megabytes) =>
    Array.from({ length: TRIES }, (_, index) => largeFile(`trickle${megabytes}n${index}`, megabytes, true)),
  );
}

/** A table of the delays between the upstream's first byte and the client's. */
export async function firstByteTable(
  files: readonly LargeFile[],
  origin: Origin,
  states: { readonly simulator: string; readonly product: string },
): Promise<string> {
  const simulator = await startFileSimulator(origin, states.simulator);
  const bare = await lags(files, origin, async (file) => simulator.passUrl(file));
  await simulator.stop();
  const ours = await withProduct(origin.simple, states.product, (product) =>
    lags(files, origin, (file) => locateFile(product.simple, file.project)),
  );
  return table(
    ["first byte after the upstream's, cold", "ms, median", "highest", `target < ${TARGET_MS}`],
    [...bySize("bare pass-through", files, bare), ...bySize("pypi-edge", files, ours)],
  );
}

async function lags(
  files: readonly LargeFile[],
  origin: Origin,
  locate: (file: LargeFile) => Promise<URL>,
): Promise<ReadonlyMap<LargeFile, number>> {
  const found = new Map<LargeFile, number>();
  for (const file of files) {
    const url = await locate(file);
    const { firstBytesAt } = origin.watch(file);
    const got = await download(url);
    if (got.sha256 !== file.sha256) throw new Error(`wrong bytes of ${file.filename}`);
    const sent = firstBytesAt();
    if (sent !== undefined) found.set(file, got.firstByteAt - sent);
  }
  return found;
}

function bySize(label: string, files: readonly LargeFile[], found: ReadonlyMap<LargeFile, number>): string[][] {
  return MEGABYTES.map((megabytes) => {
    const values = files.filter((file) => file.size === megabytes * 1e6).flatMap((file) => found.get(file) ?? []);
    const middle = median(values);
    const result = middle < TARGET_MS ? "met" : "**missed**";
    return [`${label}, ${megabytes} MB`, figure(middle), figure(Math.max(...values)), result];
  });
}
