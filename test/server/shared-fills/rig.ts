import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request as send, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { parseConfig } from "../../../schema/config.ts";
import { openMachine } from "../../../server/machine.ts";
import { serveHttp } from "../../../server/http/serve-http.ts";
import { fileOf } from "../../../server/objects/file-body.ts";
import type { Platform } from "../../../worker/platform/platform.ts";
import { createWorker } from "../../../worker/worker.ts";
import { ONE_SOURCE } from "../../support/variables.ts";
import { Origin } from "./origin.ts";

/** The names of the files that a state directory has stored. */
export const storedIn = (state: string): string[] =>
  readdirSync(join(state, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

const NO_QUEUE = { send: () => Promise.resolve(), sendBatch: () => Promise.resolve() };

export type MachineRig = Awaited<ReturnType<typeof openRig>>;

/** What a test changes of the machine's platform. */
export type Change = (platform: Platform) => Partial<Platform>;

/**
 * The worker on one machine, behind its HTTP server, over an upstream on loopback. Queues deliver nothing.
 *
 * @param vars further variables
 */
export async function openRig(change: Change = () => ({}), vars: Record<string, unknown> = {}) {
  const origin = new Origin();
  await origin.start();
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-shared-"));
  const machine = await openMachine({ state: folder, migrations: MIGRATIONS, consumers: [], log: () => undefined });
  const platform = {
    ...machine.platform,
    fills: NO_QUEUE,
    refreshes: NO_QUEUE,
    notices: NO_QUEUE,
    mirrors: NO_QUEUE,
    ...change(machine.platform),
  };
  const { worker, http } = await serve(origin, platform, vars);

  return {
    origin,
    port: http.port,
    /**
     * Sends a request for the file and gives its answer, unread.
     *
     * @param suffix ".metadata": for its core metadata
     */
    async ask(method = "GET", headers: Record<string, string> = {}, suffix = ""): Promise<IncomingMessage> {
      const path = `/files/${new URL(origin.url).host}/files/${Origin.FILENAME}${suffix}`;
      return new Promise((resolve, reject) => {
        send({ host: "127.0.0.1", port: http.port, path, method, headers, agent: false }, resolve)
          .on("error", reject)
          .end();
      });
    },
    /** Has the queues' consumer store the file, and says how its message ended. */
    async deliverFill(): Promise<"acknowledged" | "retried"> {
      const source = encodeURIComponent(`${origin.url}simple/`);
      const body = { source, file: `${new URL(origin.url).host}/files/${Origin.FILENAME}`, part: "file" };
      let outcome: "acknowledged" | "retried" = "acknowledged";
      const message = { id: "1", body, attempts: 1, ack: () => undefined, retry: () => void (outcome = "retried") };
      await worker.queue({ queue: "pypi-edge-fills", messages: [message] }, { waitUntil: () => undefined });
      return outcome;
    },
    /** The files that are being written. */
    partial: () => readdirSync(join(folder, "partial")),
    /** The stored files. */
    stored: () => storedIn(folder),
    /** Takes no more requests, and waits for what those before have left to be done. */
    stopServing: () => http.stop(),
    async close() {
      await http.stop();
      await machine.close();
      await origin.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function serve(origin: Origin, platform: Platform, vars: Record<string, unknown>) {
  const config = parseConfig({
    ...ONE_SOURCE,
    UPSTREAMS: { pypi: { url: `${origin.url}simple/`, files: origin.url } },
    POPULAR: 0,
    ...vars,
  });
  const worker = createWorker(config, platform);
  const http = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    handler: (request, tools) => worker.fetch(request, tools),
    fileOf,
    report: () => undefined,
  });
  return { worker, http };
}

export interface Received {
  readonly status: number;
  readonly bytes: Buffer;
  /** Whether the answer ended cleanly. */
  readonly isWhole: boolean;
}

/** Reads an answer to its end, or to its break. */
export async function received(answer: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  let isWhole = true;
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch {
    isWhole = false;
  }
  return { status: answer.statusCode ?? 0, bytes: Buffer.concat(chunks), isWhole };
}

/** Waits for the first bytes of an answer and leaves them unread. */
export async function begun(answer: IncomingMessage): Promise<IncomingMessage> {
  if (answer.readableLength === 0) await once(answer, "readable");
  return answer;
}

/** Bytes that differ from place to place. */
export const content = (size: number) => Buffer.from(new Uint8Array(size).map((_, at) => (at * 7 + (at >> 8)) % 251));
