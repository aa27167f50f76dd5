import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Objects } from "../../../worker/platform/objects.ts";

const META = "x-amz-meta-";

/** Serves objects at loopback as S3 does, in as far as programs that copy need it: names of metadata are in lower case. */
export async function serveS3(objects: Objects): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    answer(objects, request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(objects: Objects, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "", "http://127.0.0.1");
  if (url.searchParams.has("list-type")) {
    const startAfter = url.searchParams.get("start-after") ?? "";
    const listed = await objects.list({ limit: 100, ...(startAfter && { startAfter }) });
    // The keys are encoded, as with `encoding-type=url`.
    const keys = listed.objects.map(({ key }) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`);
    response.end(`<ListBucketResult><IsTruncated>${listed.truncated}</IsTruncated>${keys.join("")}</ListBucketResult>`);
    return;
  }
  const key = decodeURIComponent(url.pathname.slice("/bucket/".length));
  if (request.method === "PUT") {
    const names = Object.keys(request.headers).filter((name) => name.startsWith(META));
    const customMetadata = Object.fromEntries(
      names.map((name) => [name.slice(META.length), String(request.headers[name])]),
    );
    await objects.put(key, await buffer(request), { customMetadata });
    response.end();
    return;
  }
  const object = await objects.get(key);
  if (!object) {
    response.statusCode = 404;
    response.end();
    return;
  }
  for (const [name, value] of Object.entries(object.customMetadata ?? {}))
    response.setHeader(META + name, encodeURIComponent(value));
  Readable.fromWeb(object.body as never).pipe(response);
}

/** Copies all objects of a bucket into files, as `rclone copy BUCKET FOLDER` does: what is no file's name is an error. */
export async function copyFromBucket(
  url: string,
  folder: string,
  isLeftOut = (_key: string) => false,
): Promise<number> {
  let [after, errors] = ["", 0];
  for (;;) {
    const text = await (await fetch(`${url}?list-type=2&start-after=${encodeURIComponent(after)}`)).text();
    const keys = [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => decodeURIComponent(key));
    for (const key of keys.filter((each) => !isLeftOut(each))) {
      const bytes = new Uint8Array(await (await fetch(`${url}/${encodeURIComponent(key)}`)).arrayBuffer());
      try {
        if (key.split("/").some((name) => name === "" || name === "..")) throw new Error("no file's name");
        mkdirSync(dirname(join(folder, key)), { recursive: true });
        writeFileSync(join(folder, key), bytes);
      } catch {
        errors += 1;
      }
    }
    after = keys.at(-1) ?? "";
    if (!text.includes("<IsTruncated>true")) return errors;
  }
}

/** Copies all files of a folder into a bucket, as `rclone copy FOLDER BUCKET` does. */
export async function copyIntoBucket(folder: string, url: string): Promise<void> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const key = path.slice(folder.length + 1);
    const { status } = await fetch(`${url}/${encodeURIComponent(key)}`, {
      method: "PUT",
      body: readFileSync(path),
      headers: { [`${META}Mtime`]: "1764400000.5" },
    });
    if (status !== 200) throw new Error(`${key}: ${status}`);
  }
}
