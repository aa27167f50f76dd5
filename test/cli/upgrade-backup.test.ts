import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import type { AuditLine } from "../../schema/release.ts";
import { pypiEdge } from "../support/node/command.ts";

/** A state of the version before; its README says how it was made, and what is in it. */
const FIXTURE = join(import.meta.dirname, "../fixtures/states/0014.tar.gz");
const TOKEN = "pypi-edge_9f422613c53d2e63_enmYAshsu8jpTklLqG1YQHG4lF6bM8DQ80AdDpmNQvk";
const UPSTREAM = "http://127.0.0.1:45853/simple/";

const folder = temporaryDirectory();
let server: Product;
/** The database before it was backed up. */
let before: Buffer;
beforeAll(async () => {
  mkdirSync(join(folder, "old"));
  execFileSync("tar", ["-xzf", FIXTURE, "-C", join(folder, "old")]);
  before = readFileSync(join(folder, "old", "database.sqlite"));
  await done("backup", "kept.tar", "--mirror", "--state", "old");
  await done("restore", "kept.tar", "--state", "new");
  // Nothing listens at the upstream's address. Pages are kept for the address that they were asked for at.
  const address = readFileSync(join(folder, "old", "address"), "utf8").trim();
  server = await startProduct(UPSTREAM, join(folder, "new"), { also: ["--public-url", address] });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  removeDirectory(folder);
});

async function done(...words: string[]): Promise<string> {
  const { code, output } = await pypiEdge(words, folder);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${output}`);
  return output;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

interface Page {
  readonly files: readonly { filename: string; url: string; hashes: { sha256: string }; yanked?: unknown }[];
}

/** The files of a page, each downloaded: its name, digest and status, and what is said of its yank. */
async function filesOf(path: string): Promise<unknown[]> {
  const headers = { Authorization: `Bearer ${TOKEN}`, Accept: JSON_TYPE };
  const page = await fetch(new URL(path, server.index), { headers });
  expect(page.status).toBe(200);
  const { files } = (await page.json()) as Page;
  return Promise.all(
    files.map(async ({ filename, url, hashes, yanked }) => {
      const file = await fetch(new URL(new URL(url, page.url).pathname, server.index), { headers });
      const bytes = await file.arrayBuffer();
      const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
      return [filename, file.status, digest === hashes.sha256, yanked ?? false];
    }),
  );
}

test("a backup of the version before's state is restored with all that was uploaded then, and its token reads it", async () => {
  expect(await filesOf("/team/simple/kept/")).toEqual(
    ["kept-1.0-py3-none-any.whl", "kept-1.0.tar.gz"].map((name) => [name, 200, true, "has a flaw"]),
  );
});

test("a backup changes nothing in the state that it is made of, although that is of an earlier version", () => {
  expect(readFileSync(join(folder, "old", "database.sqlite")).equals(before)).toBe(true);
});

test("a mirrored file is given while its upstream is away", async () => {
  expect(await filesOf("/simple/public/")).toEqual([["public-1.0-py3-none-any.whl", 200, true, false]]);
});

test("a name that was deleted then stays used, and the audit log goes on behind its lines", async () => {
  const { filename, bytes, sha256 } = await buildWheel({ name: "gone", version: "0.1" });
  const announced = { index: "team", filename, size: bytes.byteLength, sha256 };
  const answer = await fetch(new URL("/-/api/uploads", server.index), {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(announced),
  });
  expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining("it was deleted")]);
  await done(
    "token",
    "create",
    "--index",
    "team",
    "--scope",
    "read",
    "--name",
    "new",
    "--state",
    "new",
    "--url",
    server.index.replace("/simple/", ""),
  );
  const audit = await done("audit", "--json", "--state", "new", "--url", server.index.replace("/simple/", ""));
  const actions = audit
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as AuditLine).action);
  expect(actions).toEqual(["token.create", "upload", "upload", "upload", "yank", "delete", "token.create"]);
});
