import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareVariables, type Environment } from "../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run } from "../../cli/demo/process.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { buildWheel, type Wheel } from "../../cli/demo/wheel.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { pathOf } from "../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { SERIAL } from "../support/node/fake-index/simple.ts";
import { provideEnvironment } from "../support/node/provision.ts";

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
  wheels = await Promise.all(["bread", "basket", "mustard"].map((name) => buildWheel({ name, version: "1.0" })));
  witness = await new Witness(fakeIndex(wheels, () => "pypi")).start();
  product = await startProduct(witness.index, state);
  writeFileSync(config, configuration(new URL(product.index).origin));
});
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
  removeDirectory(state);
  removeDirectory(home);
});

// One story: each part takes up what the one before has left in the mirror.
test("bandersnatch mirrors an allow-list of projects", async ({ skip }) => {
  skip(environment === null, "no wheels for bandersnatch 6.8.0");
  const output = await bandersnatch("mirror");
  expect(output).toContain(`New mirror serial: ${SERIAL}`);
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
