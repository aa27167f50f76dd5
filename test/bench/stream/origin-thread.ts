/**
 * The upstream's server, in a thread of its own: the client's work must not delay its clock.
 *
 * It gets the files as `workerData` and posts an `OriginEvent` for whatever happens.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type LargeFile, contentOf } from "./files.ts";
import { type OriginEvent, wallClock } from "./origin.ts";

/** Smaller than any sensible read buffer, so that waiting for a full buffer shows. */
const FIRST_PIECE = 64 * 1024;
const PAUSE_MS = 400;

const files = workerData as readonly LargeFile[];

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => {
  post({ kind: "listening", port: (server.address() as AddressInfo).port });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(request.url?.replace(/\?.*$/, "") ?? "/");
  const [, area, name] = path.split("/");
  if (area === "simple") {
    const known = name === "" || files.some((file) => file.project === name);
    response.writeHead(known ? 200 : 404, {
      "Content-Type": "application/vnd.pypi.simple.v1+json",
    });
    response.end(JSON.stringify(name === "" ? rootPage() : projectPage(name ?? "", hostOf(request))));
    return;
  }
  const file = files.find(({ filename }) => area === "files" && filename === path.split("/").at(-1));
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  await sendFile(file, request, response);
}

async function sendFile(file: LargeFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, file.size) : file.size;
  if (range) response.setHeader("Content-Range", `bytes ${start}-${end - 1}/${file.size}`);
  response.writeHead(range ? 206 : 200, {
    "Accept-Ranges": "bytes",
    "Content-Length": end - start,
    "Content-Type": "application/octet-stream",
    ETag: `"${file.project}"`,
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  post({ kind: "opened", filename: file.filename });
  response.on("close", () => post({ kind: "closed", filename: file.filename }));
  await pipeline(Readable.from(bodyOf(file, start, end), { objectMode: false }), response);
}

async function* bodyOf(file: LargeFile, start: number, end: number): AsyncGenerator<Buffer> {
  const pause = Math.min(start + FIRST_PIECE, end);
  post({ kind: "first-bytes", filename: file.filename, at: wallClock() });
  yield* contentOf(file, start, pause);
  if (file.trickled) await sleep(PAUSE_MS);
  yield* contentOf(file, pause, end);
}

function rootPage(): object {
  return { meta: { "api-version": "1.1" }, projects: files.map(({ project: name }) => ({ name })) };
}

function projectPage(project: string, host: string): object {
  return {
    meta: { "api-version": "1.1" },
    name: project,
    versions: ["1.0"],
    files: files
      .filter((file) => file.project === project)
      .map(({ filename, size, sha256 }) => ({
        filename,
        hashes: { sha256 },
        size,
        "upload-time": "2026-05-18T23:33:29.955928Z",
        url: `http://${host}/files/${filename}`,
        yanked: false,
      })),
  };
}

function hostOf(request: IncomingMessage): string {
  return request.headers.host ?? "127.0.0.1";
}

function post(event: OriginEvent): void {
  parentPort?.postMessage(event);
}
