/**
 * What the job `advisories` takes of an isolate of workerd, where 128 MB are all there is: the first load of a generated export of
 * 24,500 records, as large as OSV's, and a comparison after it. The inspector of the worker's isolate says what JavaScript holds,
 * garbage that is not collected yet included, and the bytes of buffers. With a limit of the heap it shows that the job gets by:
 *
 *     node test/bench/advisories-in-workerd.ts [--records 24500]
 *     MINIFLARE_WORKERD_V8_FLAGS=--max-heap-size=48 node test/bench/advisories-in-workerd.ts
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { MIGRATIONS, PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { migrate } from "../../server/migrate.ts";
import { resolveRange } from "../../worker/repository/range.ts";
import { noise, zip } from "../support/archive.ts";
import { deployedBundle } from "../support/node/workerd/build.ts";
import { advisoryRecord } from "./harness/advisory-records.ts";
import { figure, table } from "./harness/statistics.ts";

const { values: options } = parseArgs({ options: { records: { type: "string", default: "24500" } } });
const count = Number(options.records);

/** Milliseconds between two looks at the memory. */
const LOOK_EVERY = 50;

/** What a record has beside what is used, and compresses badly. Bytes. */
const DETAILS = 1_400;

const TOKEN = "a-token-for-the-bench";

/** The export: an archive, and a list without changes. */
async function exportOf(records: number): Promise<Uint8Array> {
  const text = Buffer.from(noise(DETAILS * 40)).toString("base64");
  const entries = Array.from({ length: records }, (_, at) => {
    const details = text.slice((at * 97) % (text.length - DETAILS)).slice(0, DETAILS);
    const record = { ...advisoryRecord(at, records), details };
    return { name: `${record.id}.json`, content: JSON.stringify(record) };
  });
  return zip(entries);
}

function serveExport(archive: Uint8Array) {
  return createServer((request, response) => {
    if (!request.url?.endsWith("/all.zip")) {
      response.end("2020-01-01T00:00:00Z,MAL-2025-1\n");
      return;
    }
    const [, start = "", end = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const range = start === "" ? { suffix: Number(end) } : { start: Number(start), end: Number(end) };
    const part = resolveRange(range, archive.byteLength);
    if (part === "unsatisfiable") {
      response.writeHead(416).end();
      return;
    }
    const { offset, length } = part;
    const headers = { ETag: '"1"', "Content-Range": `bytes ${offset}-${offset + length - 1}/${archive.byteLength}` };
    response.writeHead(206, headers).end(archive.subarray(offset, offset + length));
  });
}

/** Asks an isolate by the protocol of its inspector. */
class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: Record<string, number>) => void>();
  #last = 0;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("message", ({ data }) => {
      const { id, result = {} } = JSON.parse(String(data)) as { id?: number; result?: Record<string, number> };
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
  }

  async open(): Promise<void> {
    await new Promise((resolve) => this.#socket.addEventListener("open", resolve));
  }

  ask(method: string): Promise<Record<string, number>> {
    const id = ++this.#last;
    const answer = new Promise<Record<string, number>>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params: {} }));
    return answer;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Megabytes of an isolate: what JavaScript holds, and the bytes of its buffers. */
async function memoryOf(inspector: Inspector): Promise<number> {
  const {
    usedSize = 0,
    embedderHeapUsedSize = 0,
    backingStorageSize = 0,
  } = await inspector.ask("Runtime.getHeapUsage");
  return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1e6;
}

const state = await mkdtemp(join(tmpdir(), "pypi-edge-bench-"));
const archive = await exportOf(count);
const server = serveExport(archive);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;

const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT_FOLDER, "wrangler.toml"));
const shape = convertV4MiniflareOptions({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  inspectorPort: 0,
  workers: [
    {
      ...workerOptions,
      bindings: {
        ...(workerOptions["bindings"] as Record<string, unknown>),
        ADMIN_TOKEN: TOKEN,
        OSV: `http://127.0.0.1:${port}/PyPI/`,
        FEED: false,
      },
      name: "pypi-edge",
      modules: [{ type: "ESModule", path: "index.js", contents: await deployedBundle() }],
    },
  ],
});
shape.resourcePersistencePath = state;
const miniflare = new Miniflare(shape);
try {
  const url = await miniflare.ready;
  await migrate(await miniflare.getD1Database("DB"), MIGRATIONS);
  const debug = await miniflare.getInspectorURL();
  const targets = (await (await fetch(`http://${debug.host}/json`)).json()) as {
    id: string;
    webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ id }) => id.includes("pypi-edge")) ?? targets[0];
  if (!target) throw new Error("workerd has no inspector");
  await fetch(new URL("/-/health", url));
  const inspector = new Inspector(target.webSocketDebuggerUrl);
  await inspector.open();
  const rows: string[][] = [["before", "", figure(await memoryOf(inspector)), ""]];
  for (const run of ["the first load", "a comparison"]) {
    const begun = performance.now();
    const done = fetch(new URL("/-/api/jobs/advisories", url), {
      method: "POST",
      headers: { Authorization: `Bearer ${TOKEN}` },
    }).then((answer) => answer.text());
    let most = 0;
    let looks = 0;
    let said: string | undefined;
    while (said === undefined) {
      most = Math.max(most, await memoryOf(inspector));
      looks++;
      said = await Promise.race([done, sleep(LOOK_EVERY, undefined)]);
    }
    console.error(said.slice(0, 300));
    rows.push([run, figure((performance.now() - begun) / 1_000), figure(most), String(looks)]);
  }
  rows.push(["after", "", figure(await memoryOf(inspector)), ""]);
  inspector.close();
  console.log(`${count} records, an archive of ${figure(archive.byteLength / 1e6)} MB`);
  console.log(table(["the job `advisories`", "seconds", "MB, most", "looks"], rows));
} finally {
  await miniflare.dispose();
  server.close();
  await rm(state, { recursive: true, force: true });
}
