import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wheelFolder } from "../../cli/demo/folder.ts";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import type { Wheel } from "../../cli/demo/wheel.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { builtServer } from "../../cli/build/build.ts";

/** Above what is stored beside an answer. */
const SIZE = 100_000_000;
const bytes = randomBytes(SIZE);
const metadata = Buffer.from("Metadata-Version: 2.1\nName: large\nVersion: 1.0\n");
const hex = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const wheel: Wheel = {
  project: "large",
  version: "1.0",
  filename: "large-1.0-py3-none-any.whl",
  bytes,
  sha256: hex(bytes),
  metadata,
  metadataSha256: hex(metadata),
};

const state = temporaryDirectory();
let witness: Witness;
let product: Product;
let url: URL;
beforeAll(async () => {
  await builtServer();
  witness = await new Witness(wheelFolder([wheel])).start();
  product = await startProduct(witness.index, state);
  url = new URL(`/files/${new URL(witness.index).host}/files/${wheel.filename}`, product.index);
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
  removeDirectory(state);
});

async function open(): Promise<IncomingMessage> {
  const [response] = (await once(get(url.href, { agent: false }), "response")) as [IncomingMessage];
  return response;
}

/** The digest of what a client gets that rests `pause` milliseconds after every four megabytes. */
async function read(pause: number): Promise<string> {
  const hash = createHash("sha256");
  let sinceRest = 0;
  for await (const chunk of (await open()) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    sinceRest += chunk.byteLength;
    if (sinceRest < 4_000_000) continue;
    sinceRest = 0;
    await sleep(pause);
  }
  return hash.digest("hex");
}

/** Takes the first bytes and goes. */
async function leave(): Promise<void> {
  const response = await open();
  await once(response, "data");
  response.destroy();
}

const source = async () => (await fetch(url, { method: "HEAD" })).headers.get("Cache-Status");
const transfers = () =>
  witness.log.filter(({ method, path }) => method === "GET" && path.endsWith(wheel.filename)).length;

test("a large file reaches a slow client, is stored although another one left, and outlives its upstream", async () => {
  const [digest] = await Promise.all([read(40), leave()]);
  expect(digest).toBe(wheel.sha256);
  await expect.poll(source, { timeout: 30_000, interval: 100 }).toBe("pypi-edge; hit; detail=r2");
  expect(transfers()).toBe(1);

  await witness.stop();
  expect(await read(0)).toBe(wheel.sha256);
  expect(product.output()).not.toMatch(/file-refused|storage-failed|queue-failed|fill-|rror/);
});
