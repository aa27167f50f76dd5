/**
 * How much CPU one of each kind of request takes the worker, in workerd over simulated stores: for `CPU_MS` in schema/operations.ts.
 * The simulators of KV, R2 and D1 run in the same process, so that the figures are upper bounds.
 *
 *     node test/bench/cost.ts
 *
 * Needs Linux (/proc).
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMeter } from "./harness/cpu.ts";
import { scratchDirectory } from "./harness/cleanup.ts";
import { startProduct } from "./harness/product.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { uploadFields } from "../support/upload-fields.ts";

/** What is measured at once, each for a name of its own. */
const COPIES = 40;
const ROUNDS = 5;
/** Files on a page: PyPI's median project has some ten, what teams use has some hundred. */
const FILES_ON_A_PAGE = 100;
const ENTRY = { "upload-time": "2026-01-02T03:04:05.000006Z", yanked: false, "requires-python": ">=3.9" };

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const names = Array.from({ length: COPIES }, (_, at) => `bench-${at}`);
const wheel = (name: string, version = "1.0") => `${name.replaceAll("-", "_")}-${version}-py3-none-any.whl`;
const bytes = randomBytes(1_000_000);
const metadata = Buffer.from(
  `Metadata-Version: 2.1\nName: x\nVersion: 1.0\n\n${"A line of a description.\n".repeat(200)}`,
);

const upstream = createServer((request, response) => {
  const name = /^\/simple\/([^/]+)\/$/.exec(request.url ?? "")?.[1];
  if (name === undefined) return response.end(request.url?.endsWith(".metadata") ? metadata : bytes);
  const others = Array.from({ length: FILES_ON_A_PAGE - 1 }, (_, at) => ({
    filename: wheel(name, `0.${at}`),
    hashes: { sha256: sha256(Buffer.from(`${name} ${at}`)) },
    size: 1_000,
  }));
  const own = {
    filename: wheel(name),
    hashes: { sha256: sha256(bytes) },
    size: bytes.length,
    "core-metadata": { sha256: sha256(metadata) },
  };
  const files = [...others, own].map((file) => ({ ...ENTRY, ...file, url: `${root()}/files/${file.filename}` }));
  response.setHeader("Content-Type", "application/vnd.pypi.simple.v1+json");
  return response.end(JSON.stringify({ meta: { "api-version": "1.1" }, name, versions: ["1.0"], files }));
});
await new Promise<void>((listening) => void upstream.listen(0, "127.0.0.1", listening));
const root = () => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

const state = join(scratchDirectory(), "state");
mkdirSync(state);
const product = await startProduct(new URL(`${root()}/simple/`), state, "workerd");
try {
  const admin = readFileSync(join(state, "admin-token"), "utf8").trim();
  const token = { Authorization: `Bearer ${admin}` };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(new URL(path, product.simple), { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  };
  const json = { Accept: "application/vnd.pypi.simple.v1+json" };
  const page = (name: string) => get(`/simple/${name}/`, json);
  const addresses = new Map<string, string>();
  /** Where the page says that the file is. */
  const findFile = async (name: string) => {
    const at = new URL(`/simple/${name}/`, product.simple);
    const answer = (await (await fetch(at, { headers: json })).json()) as {
      files: { filename: string; url: string }[];
    };
    const url = answer.files.find(({ filename }) => filename === wheel(name))?.url ?? "";
    addresses.set(name, new URL(url, at).pathname);
  };
  const fileAt = (base: string, name: string) => `${base}${addresses.get(name)}`;
  const ofTeam = (name: string) => get(`/team/simple/${name}/`, { ...json, ...token });
  const file = (name: string) => get(fileAt("", name));
  const core = (name: string) => get(`${fileAt("", name)}.metadata`);
  const teamFile = (name: string) => get(fileAt("/team", name), token);
  const teamCore = (name: string) => get(`${fileAt("/team", name)}.metadata`, token);
  const upload = async (name: string) => {
    const hosted = `acme-${name}`;
    const made = await buildWheel({ name: hosted, version: "1.0" });
    const form = new FormData();
    const fields = uploadFields(made);
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    form.set("content", new Blob([new Uint8Array(made.bytes)]), made.filename);
    const answer = await fetch(new URL("/team/legacy/", product.simple), {
      method: "POST",
      body: form,
      headers: token,
    });
    if (!answer.ok) throw new Error(`${hosted}: ${answer.status} ${await answer.text()}`);
  };
  const hostedPage = (name: string) => ofTeam(`acme-${name}`);

  await get("/-/health");
  const meter = await cpuMeter(product.pid);
  const note = async (kind: string, act: (name: string) => Promise<unknown>, rounds = 1) => {
    const spent = await meter.during(async () => {
      for (let round = 0; round < rounds; round++) for (const name of names) await act(name);
    });
    console.log(`  ${JSON.stringify(kind)}: ${Number((spent / COPIES / rounds).toPrecision(2))},`);
  };
  await page("warm-up");
  await note("page, not stored", page);
  await sleep(6_000);
  await note("page, cache", page);
  await note("page, memory", () => page(names[0] ?? ""), ROUNDS);
  for (const name of names) await findFile(name);
  await note("metadata, not stored", core);
  await note("metadata, R2", core);
  await note("metadata, memory", core, ROUNDS);
  await note("file, not stored", file);
  await note("file, R2", file, ROUNDS);
  await sleep(6_000);
  await note("team: page, cache", ofTeam);
  await note("team: page, memory", () => ofTeam(names[0] ?? ""), ROUNDS);
  await note("team: metadata, memory", teamCore, ROUNDS);
  await note("team: file, R2", teamFile, ROUNDS);
  await note("team: upload", upload);
  await note("team: hosted page", hostedPage);
  await note("team: hosted page, memory", hostedPage, ROUNDS);
} finally {
  await product.stop();
  upstream.close();
}
