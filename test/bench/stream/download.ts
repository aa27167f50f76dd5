/** A client that reads as fast as it can, keeps nothing and checks everything. */
import { createHash } from "node:crypto";
import { get } from "node:http";
import { request } from "../harness/http.ts";
import { wallClock } from "./origin.ts";

/** A gigabyte on a busy machine. */
export const DOWNLOAD_MS = 300_000;

export interface Download {
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
  /** By `wallClock`. */
  readonly askedAt: number;
  readonly firstByteAt: number;
}

/** Reads `url` to its end; rejects on any status but 200, and on a transfer that breaks. */
export function download(url: URL): Promise<Download> {
  return new Promise((resolve, reject) => {
    const askedAt = wallClock();
    const options = { agent: false, signal: AbortSignal.timeout(DOWNLOAD_MS) };
    const outgoing = get(url.href, options, (incoming) => {
      if (incoming.statusCode !== 200) {
        incoming.destroy();
        reject(new Error(`status ${incoming.statusCode} of ${url}`));
        return;
      }
      const hash = createHash("sha256");
      let bytes = 0;
      let firstByteAt = 0;
      incoming.on("data", (piece: Buffer) => {
        if (bytes === 0) firstByteAt = wallClock();
        bytes += piece.length;
        hash.update(piece);
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        const seconds = (wallClock() - askedAt) / 1000;
        resolve({ bytes, sha256: hash.digest("hex"), seconds, askedAt, firstByteAt });
      });
    });
    outgoing.on("error", reject);
  });
}

/** Where an index has the only file of `project`. */
export async function locateFile(simple: URL, project: string): Promise<URL> {
  const page = new URL(`${project}/`, simple);
  const answer = await request(page, { Accept: "application/vnd.pypi.simple.v1+json" });
  if (answer.status !== 200) throw new Error(`status ${answer.status} of ${page}`);
  const { files } = JSON.parse(answer.body.toString("utf8")) as {
    readonly files: readonly { readonly url: string }[];
  };
  const [file] = files;
  if (file === undefined || files.length > 1) throw new Error(`${files.length} files on ${page}`);
  return new URL(file.url, page);
}
