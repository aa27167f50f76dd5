import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bareVariables, type Environment } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { startDevpi } from "../../bench/harness/devpi.ts";
import { startProxpi } from "../../bench/harness/proxpi.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { provideEnvironment } from "../../support/node/provision.ts";
import { uploadFields } from "../../support/upload-fields.ts";

/*
 * Others mirror from an index that needs a token, has a policy and hosts packages: bandersnatch, over https as its `verify` demands, and
 * devpi and proxpi, which cache.
 */

const HOUSE = process.env["WHEELHOUSE"];
const PATIENCE = 300_000;
const ADMIN = "the-admin-token-of-this-test";
const CONFIG = `[vars.INDEXES.default]
sources = ["pypi"]
[vars.INDEXES.team]
sources = ["default"]
hosted = true
[vars.INDEXES.team.policy]
min_age = "1d"
`;

const ALL = ["acme", "bread", "basket"];

const folder = temporaryDirectory();
let witness: Witness;
let wheels: Wheel[];
let own: Wheel;
beforeAll(async () => {
  wheels = await Promise.all(["bread", "basket"].map((name) => buildWheel({ name, version: "1.0" })));
  own = await buildWheel({ name: "acme", version: "1.0+local.1" });
  witness = await new Witness(fakeIndex(wheels, () => "pypi")).start();
});
afterAll(async () => {
  await witness?.stop();
  removeDirectory(folder);
});

async function started(name: string, also: readonly string[] = []): Promise<Product> {
  const config = join(folder, `${name}.toml`);
  writeFileSync(config, CONFIG);
  return startProduct(witness.index, join(folder, name), { config, also: ["--admin-token", ADMIN, ...also] });
}

/** Publishes the team's own wheel, and returns a token that reads. */
async function published(origin: string): Promise<string> {
  const admin = { Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json" };
  const grant = JSON.stringify({ name: "test", index: "team", scopes: ["read", "upload"] });
  const made = await fetch(`${origin}/-/api/tokens`, { method: "POST", headers: admin, body: grant });
  const { token } = (await made.json()) as { token: string };
  const form = new FormData();
  for (const [field, value] of Object.entries(uploadFields(own))) form.set(field, value);
  form.set("content", new Blob([Buffer.from(own.bytes)]), own.filename);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${origin}/team/legacy/`, { method: "POST", headers, body: form });
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  return token;
}

/** The names of all files below a folder. */
const filesBelow = (root: string) =>
  existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .toSorted()
    : [];

describe.skipIf(!hasOpenssl())("bandersnatch, with a token, over https", () => {
  const authority = new Authority();
  let environment: Environment | null;
  let product: Product;
  let host: string;
  let token: string;
  beforeAll(async () => {
    environment = await provideEnvironment(["bandersnatch==6.8.0"]);
    const { cert, key } = authority.issue("IP:127.0.0.1");
    // Uploaded over plain http, then served over TLS: the state is the same.
    const plain = await started("behind");
    token = await published(new URL(plain.index).origin);
    await plain.stop();
    product = await started("behind", ["--tls-cert", cert, "--tls-key", key]);
    host = new URL(product.index).host;
  }, PATIENCE);
  afterAll(async () => {
    await product?.stop();
    rmSync(authority.folder, { recursive: true });
  });

  async function bandersnatch(base: string, directory: string, ...args: string[]): Promise<string> {
    const config = join(folder, "bandersnatch.conf");
    const login = `https://__token__:${token}@${host}`;
    writeFileSync(
      config,
      `[mirror]
directory = ${directory}
master = ${login}${base}
download-mirror = ${login}
download-mirror-no-fallback = true
api-method = simple
json = true
[plugins]
enabled =
`,
    );
    const env = { ...bareVariables(), HOME: folder, TMPDIR: folder, SSL_CERT_FILE: authority.file };
    const command = ["-m", "bandersnatch", "-c", config, ...args];
    const { code, output } = await run(environment?.python ?? "", command, { cwd: folder, env, timeoutMs: PATIENCE });
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/\bERROR\b|Traceback/);
    return output;
  }

  test.each([
    ["/team", ["acme", "basket", "bread"]],
    ["/team/@before=2026-02-01", ["basket", "bread"]],
    ["", ["basket", "bread"]],
  ])(
    "mirrors all of %s/, has nothing to do after that, and finds nothing wrong when it verifies",
    async (base, names) => {
      if (environment === null) return;
      const directory = join(folder, `mirror${base.replaceAll(/[/@=]/g, "-")}`);
      mkdirSync(directory);
      expect(await bandersnatch(base, directory, "mirror")).toMatch(/New mirror serial: [1-9]/);
      const wanted = [own, ...wheels].filter(({ project }) => names.includes(project)).map(({ filename }) => filename);
      const packages = join(directory, "web", "packages");
      expect(filesBelow(packages)).toEqual(wanted.toSorted());
      expect(await bandersnatch(base, directory, "mirror")).not.toMatch(/Downloading: /);
      witness.take();
      const said = await bandersnatch(base, directory, "verify", "--delete", "--dry-run");
      expect(said).toMatch(/\b0 unowned files/);
      expect(said).not.toMatch(/Fetching /);
      expect(filesBelow(packages)).toEqual(wanted.toSorted());
      const page = readFileSync(join(directory, "web", "simple", "bread", "index.html"), "utf8");
      const [, link = ""] = /href="([^"#]+)/.exec(page) ?? [];
      expect(existsSync(join(directory, "web", "simple", "bread", decodeURIComponent(link)))).toBe(true);
    },
    PATIENCE,
  );
});

describe.skipIf(HOUSE === undefined)("in front of the index, with a token", () => {
  let product: Product;
  let upstream: URL;
  beforeAll(async () => {
    product = await started("front");
    const token = await published(new URL(product.index).origin);
    upstream = new URL("/team/simple/", product.index);
    upstream.username = "__token__";
    upstream.password = token;
  }, PATIENCE);
  afterAll(async () => {
    await product?.stop();
  });

  /** The projects whose wheels pip downloads as they are, with no other index. */
  async function downloaded(index: URL, into: string): Promise<string[]> {
    const target = join(folder, into);
    const options = ["--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--index-url", index.href];
    const words = ["-m", "pip", "download", ...options, "--dest", target, "acme", "basket", "bread"];
    const { code, output } = await run("python3", words, { env: bareVariables(), timeoutMs: PATIENCE });
    expect(code, output).toBe(0);
    return [own, ...wheels]
      .filter(({ filename, bytes }) => readFileSync(join(target, filename)).equals(Buffer.from(bytes)))
      .map(({ project }) => project);
  }

  test("pip download gives all of it", async () => expect(await downloaded(upstream, "pip")).toEqual(ALL), PATIENCE);

  test(
    "devpi gives all of it",
    async () => {
      const state = join(folder, "devpi");
      mkdirSync(state);
      const devpi = await startDevpi(upstream, state, HOUSE ?? "");
      try {
        expect(await downloaded(devpi.mirror, "of-devpi")).toEqual(ALL);
      } finally {
        await devpi.stop();
      }
    },
    PATIENCE,
  );

  test(
    "proxpi gives all of it",
    async () => {
      const state = join(folder, "proxpi");
      mkdirSync(state);
      const proxpi = await startProxpi(upstream, state, HOUSE ?? "");
      try {
        expect(await downloaded(proxpi.simple, "of-proxpi")).toEqual(ALL);
      } finally {
        await proxpi.stop();
      }
    },
    PATIENCE,
  );
});
