import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readConfiguration } from "../../cli/server/configuration.ts";
import { readOptions, type StartOptions } from "../../cli/server/options.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-configuration-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read with these options and this text of a --config file. */
function read(text: string, ...args: string[]) {
  const file = join(folder, "own.toml");
  writeFileSync(file, text);
  const options = readOptions(["--config", file, "--state", folder, ...args]) as StartOptions;
  return readConfiguration(options, "a-token-for-the-tests");
}

test.each([
  ["[vars]\nPAGE_TTL = 600\n", [], false],
  ["[vars]\nFEED = false\n", [], false],
  ["[vars]\nFEED = true\n", [], true],
  ["[vars]\nFEED = false\n", ["--feed"], true],
  ["[vars]\nPAGE_TTL = 600\n", ["--feed"], true],
])("of the log of changes %j and %j say that it is followed: %s", (text, args, followed) => {
  const { config, variables } = read(text, ...args);
  expect([config.feed, variables["FEED"]]).toEqual([followed, followed]);
});

test("a FEED that is neither true nor false is refused", () => {
  expect(() => read('[vars]\nFEED = "true"\n')).toThrow(/FEED: must be true or false\.$/);
});

test.each([
  ["[vars]\nADMIN_TOKEN = 'a-token-of-my-own-choice'\n", "vars.ADMIN_TOKEN"],
  ["ADMIN_TOKEN = 'a-token-of-my-own-choice'\n[vars]\nPAGE_TTL = 60\n", "ADMIN_TOKEN"],
])("an admin token in a file is refused as a secret, and not shown: %j", (text, key) => {
  expect(() => read(text)).toThrow(
    `--config ${join(folder, "own.toml")}: ${key}: is a secret, which no file of this kind keeps; give it with --admin-token T, or to a deployment with npx wrangler secret put ADMIN_TOKEN.`,
  );
  expect(() => read(text)).not.toThrow(/my-own-choice/);
});
