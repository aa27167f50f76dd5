/**
 * What a wheelhouse of a gigabyte costs, before and after its files are stored: time, pace and memory.
 *
 *     node test/bench/wheelhouse.ts [--files 5] [--size 200]
 *
 * `--size` in MB. What is stored is in memory, in a temporary directory that is removed at the end.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freeBytes, scratchDirectory } from "./harness/cleanup.ts";
import { withProduct, type Product } from "./harness/product.ts";
import { figure, table } from "./harness/statistics.ts";
import { giveUp } from "./harness/tools.ts";
import { largeFile, type LargeFile } from "./stream/files.ts";
import { watchMemory } from "./stream/memory.ts";
import { startOrigin } from "./stream/origin.ts";

const { values: options } = parseArgs({
  options: { files: { type: "string", default: "5" }, size: { type: "string", default: "200" } },
});
const [count, megabytes] = [Number(options.files), Number(options.size)];
if (!(Number.isInteger(count) && count > 0 && Number.isInteger(megabytes) && megabytes > 0)) {
  giveUp("--files and --size: whole numbers");
}
const scratch = scratchDirectory();
if (freeBytes(scratch) < 2.2e6 * count * megabytes) giveUp(`too little room in ${scratch}`);
const state = join(scratch, "state");
mkdirSync(state);

const files = Array.from({ length: count }, (_, at) => largeFile(`large${at}`, megabytes));
const lock = files.map(({ project, sha256 }) => `${project}==1.0 --hash=sha256:${sha256}\n`).join("");
const origin = await startOrigin(files);
const rows: string[][] = [];
// Each begins with a runtime that has done nothing.
for (const label of ["not stored", "stored"]) {
  rows.push(await withProduct(origin.simple, state, (product) => measure(label, product, files)));
}
await origin.stop();
process.stdout.write(`${table(["wheelhouse", "MB", "s", "first byte, s", "MB/s", "grows by, MB"], rows)}\n`);

async function measure(label: string, product: Product, expected: readonly LargeFile[]): Promise<string[]> {
  const memory = watchMemory(product.pid);
  try {
    const { bytes, seconds, firstByte, right } = await readTar(product, expected);
    const cells = [bytes / 1e6, seconds, firstByte, bytes / 1e6 / seconds, memory.growth() / 1e6].map(figure);
    return [right ? label : `${label}; **wrong bytes**`, ...cells];
  } finally {
    memory.end();
  }
}

interface Reading {
  readonly bytes: number;
  /** From the request to the end, and to the first byte. */
  readonly seconds: number;
  readonly firstByte: number;
  /** Whether every file's bytes are what the lock says. */
  readonly right: boolean;
}

/** Reads the tar as it comes, and keeps nothing of it. The files are of one size, and in the order of their names. */
function readTar({ simple }: Product, expected: readonly LargeFile[]): Promise<Reading> {
  const token = readFileSync(join(state, "admin-token"), "utf8").trim();
  const url = new URL("/-/api/wheelhouse?filename=requirements.txt", simple);
  return new Promise((resolve, reject) => {
    const askedAt = performance.now();
    const sent = request(url.href, { method: "POST", agent: false, headers: { Authorization: `Bearer ${token}` } });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode} of ${url.href}`));
      const size = expected[0]?.size ?? 0;
      const stride = 512 + Math.ceil(size / 512) * 512;
      const hashes = expected.map(() => createHash("sha256"));
      let [bytes, firstByte] = [0, 0];
      answer.on("data", (piece: Buffer) => {
        firstByte ||= performance.now();
        // One piece may end a file and begin the next.
        for (let at = 0; at < piece.length;) {
          const [member, offset] = [Math.floor((bytes + at) / stride), (bytes + at) % stride];
          const content = offset >= 512 && offset < 512 + size;
          const border = offset < 512 ? 512 : content ? 512 + size : stride;
          const end = Math.min(piece.length, at + border - offset);
          if (content) hashes[member]?.update(piece.subarray(at, end));
          at = end;
        }
        bytes += piece.length;
      });
      answer.once("error", reject);
      answer.once("end", () => {
        const right = hashes.every((hash, at) => hash.digest("hex") === expected[at]?.sha256);
        const since = (when: number) => (when - askedAt) / 1_000;
        resolve({ bytes, seconds: since(performance.now()), firstByte: since(firstByte), right });
      });
    });
    sent.end(lock);
  });
}
