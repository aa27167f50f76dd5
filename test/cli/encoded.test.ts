import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { builtServer } from "../../cli/build/build.ts";

/** What stands in a sdist is not looked at, but for its first header: a ustar block with its checksum. */
function tarOf(content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write("demo-1.0/PKG-INFO", 0);
  header.write(content.length.toString(8).padStart(11, "0"), 124);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total: number, byte: number) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(1024)]);
}

const PAYLOAD = Buffer.alloc(300 * 512, "some text that compresses well, so that a decoded body has another length. ");
const SDIST = gzipSync(tarOf(PAYLOAD));
const WHEEL = Buffer.concat([Buffer.from("PK\x03\x04"), PAYLOAD]);
const FILES: Readonly<Record<string, { readonly file: Buffer; readonly sent: Buffer }>> = {
  // Labelled by its ending, as old servers of files do.
  "demo-1.0.tar.gz": { file: SDIST, sent: SDIST },
  "demo-1.1.tar.gz": { file: SDIST, sent: gzipSync(SDIST) },
  "demo-1.2-py3-none-any.whl": { file: WHEEL, sent: gzipSync(WHEEL) },
};

const hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const hashed = (filename: string, { file }: { file: Buffer }) =>
  `<a href="/f/${filename}#sha256=${hex(file)}">${filename}</a>`;
const bare = (filename: string) => `<a href="/f/bare/${filename}">${filename}</a>`;

const answer: RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? "", "http://localhost");
  const known = FILES[pathname.split("/").at(-1) ?? ""];
  const isPage = pathname === "/simple/demo/";
  const links = Object.entries(FILES).flatMap(([filename, each]) => [hashed(filename, each), bare(filename)]);
  const body = isPage ? gzipSync(`<!DOCTYPE html>${links.join("\n")}`) : known?.sent;
  const [, from, to] = isPage ? [] : (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []);
  const part = from === undefined ? body : body?.subarray(Number(from), Number(to) + 1);
  response.writeHead(body ? (from === undefined ? 200 : 206) : 404, {
    "Content-Type": isPage ? "text/html" : "application/x-gzip",
    "Content-Encoding": "gzip",
    "Content-Length": part?.length ?? 0,
    ...(from !== undefined && { "Content-Range": `bytes ${from}-${to}/${body?.length}` }),
  });
  response.end(request.method === "HEAD" ? undefined : part);
};

const state = temporaryDirectory();
let upstream: Server;
let product: Product;
let files: URL;
beforeAll(async () => {
  await builtServer();
  upstream = createServer(answer).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const origin = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  product = await startProduct(`http://${origin}/simple/`, state);
  files = new URL(`/files/${origin}/f/`, product.index);
}, 120_000);
afterAll(async () => {
  await product?.stop();
  upstream?.close();
  removeDirectory(state);
});

// Which option of `fetch` leaves a body undecoded, the runtime alone can show.
test.each(
  Object.entries(FILES).flatMap(([name, { file }]) => [[name, file] as const, [`bare/${name}`, file] as const]),
)("the runtime gives a file that is sent with Content-Encoding: gzip as it is (%s)", async (path, file) => {
  const part = await fetch(new URL(path, files), { headers: { Range: "bytes=100-199" } });
  const bytes = Buffer.from(await part.arrayBuffer());
  expect(part.status === 206 ? bytes.equals(file.subarray(100, 200)) : bytes.equals(file)).toBe(true);
  for (const _ of ["cold or behind a part", "stored"]) {
    const whole = await fetch(new URL(path, files));
    expect([whole.status, hex(Buffer.from(await whole.arrayBuffer()))]).toEqual([200, hex(file)]);
  }
  const head = await fetch(new URL(path, files), { method: "HEAD" });
  expect([head.status, head.headers.get("Content-Length")]).toEqual([200, String(file.length)]);
});

test("the runtime decodes a page that is sent with Content-Encoding: gzip", async () => {
  const page = await fetch(new URL("demo/", product.index));
  expect((await page.text()).match(/<a /g)).toHaveLength(6);
});
