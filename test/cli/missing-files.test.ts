import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSigningKey } from "../../cli/air-gap/signing-key.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
const folder = mkdtempSync(join(tmpdir(), "pypi-edge-missing-"));
beforeAll(async () => {
  await api.start();
  makeSigningKey(join(folder, "key.pem"));
  const unknown = { id: "0123456789abcdef", from: "shipped" };
  api.answer = { status: 200, type: "application/json", parts: [JSON.stringify(unknown)] };
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Those that ask no server. */
const ALONE = [
  "backup out --state none",
  "carry-over none --state new",
  "cost none.toml",
  "deploy --config none.toml --dry-run",
  "lock canonical none.txt",
  "move-in none --state new",
  "provenance none.whl",
  "restore none --state new",
  "serve --config none.toml --state new",
  "serve --tls-cert none.pem --tls-key none.pem --state new",
  "verify none",
].map((line) => [line, false] as const);

const ASKING = [
  "export step --key none.pem",
  "export step --key key.pem --advisories none.zip",
  "export step --key key.pem --lock none.txt",
  "export step --key key.pem --since none",
  "import none --index far",
  "migrate none --index team",
  "mirror add --requirements none.txt",
  "osv load none.zip",
  "patch demo==1.0 --patch none.patch --index team --reason r",
  "policy forecast --policy none.toml",
  "trusted-root update --from https://127.0.0.1:9 --tuf-root none.json",
  "upload none.whl --index team",
  "warm none.lock",
  "wheelhouse none.lock -o out.tar",
].map((line) => [line, true] as const);

test.each([...ALONE, ...ASKING])(
  "pypi-edge %s ends with 1 and a sentence: what it is to read is not there",
  async (line, asks) => {
    const args = [...line.split(" "), ...(asks ? ["--url", api.url, "--token", "a-token-for-the-tests"] : [])];
    const { code, output } = await pypiEdge(args, folder, { CLOUDFLARE_API_TOKEN: "t", CLOUDFLARE_ACCOUNT_ID: "i" });
    expect([code, output]).toEqual([1, expect.stringMatching(/^[^\n]*\bno\b[^\n]*\.\n(?:No file was changed\.\n)?$/)]);
  },
);
