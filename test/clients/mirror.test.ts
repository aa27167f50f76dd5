import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareVariables, type Environment } from "../../cli/demo/environment.ts";
import { discard, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run } from "../../cli/demo/process.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { buildWheel, type Wheel } from "../../cli/demo/wheel.ts";
import { Witness, type Answer } from "../../cli/demo/witness.ts";
import { provideEnvironment } from "../support/node/provision.ts";

const SERIALS: Readonly<Record<string, number>> = { bread: 11, basket: 12, mustard: 13 };
const UPLOADED = "2026-01-02T03:04:05.000006Z";

let witness: Witness;
let product: Product;
let environment: Environment | null;
let wheels: Wheel[];
const state = temporaryDirectory();
const home = temporaryDirectory();
const mirror = join(home, "mirror");
const config = join(home, "bandersnatch.conf");

beforeAll(async () => {
  environment = await provideEnvironment(["bandersnatch==6.8.0"]);
  wheels = await Promise.all(Object.keys(SERIALS).map((name) => buildWheel({ name, version: "1.0" })));
  witness = await new Witness((request) => Promise.resolve(answer(request))).start();
  product = await startProduct(witness.index, state);
  writeFileSync(config, configuration(new URL(product.index).origin));
});
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
  discard(state);
  discard(home);
});

// One story: each part takes up what the one before has left in the mirror.
test("bandersnatch mirrors an allow-list of projects", async ({ skip }) => {
  skip(environment === null, "no wheels for bandersnatch 6.8.0");
  const output = await bandersnatch("mirror");
  expect(output).toContain("New mirror serial: 13");
  expect(downloads(output)).toHaveLength(2);
  for (const wheel of wheels.filter(({ project }) => project !== "mustard")) {
    const stored = readFileSync(join(mirror, "web", ...pathOf(wheel).split("/")));
    expect(stored.equals(wheel.bytes)).toBe(true);
  }
  expect(readdirSync(join(mirror, "web", "simple")).toSorted()).toEqual([
    "basket",
    "bread",
    "index.html",
    "index.v1_html",
    "index.v1_json",
  ]);
});

test("bandersnatch has nothing to download the second time, nor when it checks everything again", async ({ skip }) => {
  skip(environment === null, "no wheels for bandersnatch 6.8.0");
  witness.take();
  const second = await bandersnatch("mirror");
  expect(second).toContain("0 packages to sync");
  const checked = await bandersnatch("mirror", "--force-check");
  expect(checked).toContain("2 packages to sync");
  expect(downloads(second + checked)).toEqual([]);
  expect(witness.take()).toEqual([]);
});

async function bandersnatch(...args: string[]): Promise<string> {
  const env = { ...bareVariables(), HOME: home, TMPDIR: home };
  const python = environment?.python ?? "";
  const command = ["-m", "bandersnatch", "-c", config, ...args];
  const { code, output } = await run(python, command, { cwd: home, env });
  expect(code, output).toBe(0);
  expect(output).not.toMatch(/\bERROR\b|Traceback/);
  return output;
}

const downloads = (output: string) => output.match(/Downloading: \S+/g) ?? [];

const configuration = (master: string) => `[mirror]
directory = ${mirror}
master = ${master}
allow-non-https = true
api-method = simple
json = true

[plugins]
enabled = allowlist_project

[allowlist]
packages =
    Bread
    basket
`;

const pathOf = ({ filename, sha256 }: Wheel) => `packages/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${filename}`;

/** An index with PyPI's JSON API beside its Simple API, and serials as PyPI has them. */
function answer({ url = "/", headers }: IncomingMessage): Answer {
  const host = `http://${headers.host}`;
  if (url === "/simple/") {
    const projects = Object.entries(SERIALS).map(([name, serial]) => ({ "_last-serial": serial, name }));
    return json("application/vnd.pypi.simple.v1+json", { meta: { "api-version": "1.4" }, projects }, 13);
  }
  const wheel = wheels.find((one) =>
    [`/simple/${one.project}/`, `/pypi/${one.project}/json`, `/${pathOf(one)}`].includes(url),
  );
  if (!wheel) return { status: 404, headers: {}, body: Buffer.from("nothing here\n") };
  if (url.startsWith("/packages/")) return { status: 200, headers: {}, body: wheel.bytes };
  const { project, filename, sha256, version } = wheel;
  const file = { filename, url: `${host}/${pathOf(wheel)}`, size: wheel.bytes.byteLength };
  if (url.startsWith("/simple/")) {
    const page = { meta: {}, name: project, versions: [version], files: [{ ...file, hashes: { sha256 } }] };
    return json("application/vnd.pypi.simple.v1+json", page, SERIALS[project]);
  }
  const described = {
    ...file,
    digests: { sha256 },
    packagetype: "bdist_wheel",
    python_version: "py3",
    requires_python: null,
    upload_time: "2026-01-02T03:04:05",
    upload_time_iso_8601: UPLOADED,
    yanked: false,
    yanked_reason: null,
  };
  const info = { name: project, version };
  const document = { info, last_serial: SERIALS[project], releases: { [version]: [described] }, urls: [described] };
  return json("application/json", document, SERIALS[project]);
}

function json(type: string, value: unknown, serial = 0): Answer {
  const headers = { "content-type": type, "x-pypi-last-serial": String(serial) };
  return { status: 200, headers, body: Buffer.from(JSON.stringify(value)) };
}
