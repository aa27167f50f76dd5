import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtServer } from "../../cli/build/build.ts";
import { freePort, startServer, type StartedServer } from "../../cli/demo/process.ts";
import { readCertificate } from "../../server/http/certificate.ts";
import { localAddress, publicAddress } from "../../cli/serve/address.ts";
import { Authority, hasOpenssl } from "../support/node/certificates.ts";
import { CLI, pypiEdge } from "../support/node/command.ts";
import { optionsOf } from "../support/node/serve-options.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([["--tls-cert"], ["--tls-key"]])("%s alone ends with a sentence", async (option) => {
  const { code, output } = await pypiEdge(["serve", option, "file"], folder);
  expect([code, output]).toEqual([2, "--tls-cert FILE and --tls-key FILE belong together.\n"]);
});

describe.skipIf(!hasOpenssl())("pypi-edge serve with a certificate", () => {
  const authority = new Authority();
  afterAll(() => rmSync(authority.folder, { recursive: true }));
  const state = join(folder, "state");
  let port: number;
  let server: StartedServer;
  let expiredOutput: string;

  beforeAll(async () => {
    await builtServer();
    port = await freePort();
    const { cert, key } = authority.issue("DNS:localhost", -1);
    const { cert: valid, key: validKey } = authority.issue("DNS:localhost");
    const common = ["--upstream", "http://127.0.0.1:9/simple/", "--no-cron", "--state", state, "--port", `${port}`];
    const start = (...files: string[]) =>
      startServer(process.execPath, [CLI, "serve", ...common, ...files], /\bready\b[^]*Ctrl-C/);
    const expired = await start("--tls-cert", cert, "--tls-key", key);
    await expired.stop();
    expiredOutput = expired.output();
    server = await start("--tls-cert", valid, "--tls-key", validKey);
  }, 120_000);
  afterAll(() => server?.stop());

  test("warns of one that has expired, and starts", () => {
    expect(expiredOutput).toMatch(/^The certificate in \S+ has expired \(.*\): clients refuse it\.$/m);
  });

  test("prints lines with https and a name that is in the certificate", () => {
    expect(server.output()).toContain(`pip install --index-url https://localhost:${port}/simple/ requests`);
  });

  test("is found by the other commands, which know its authority from NODE_EXTRA_CA_CERTS", async () => {
    const known = await pypiEdge(["token", "list"], folder, {
      PYPI_EDGE_STATE: state,
      NODE_EXTRA_CA_CERTS: authority.file,
    });
    expect([known.code, known.output]).toEqual([0, expect.stringContaining("token")]);
    const unknown = await pypiEdge(["token", "list"], folder, { PYPI_EDGE_STATE: state });
    expect([unknown.code, unknown.output]).toEqual([
      3,
      expect.stringMatching(
        /^The certificate of https:\/\/localhost:\d+\/ is not trusted \(\w+\)\. .*NODE_EXTRA_CA_CERTS/,
      ),
    ]);
  });

  test("ends with a sentence where the files do not belong together", async () => {
    const [one, other] = [authority.issue("DNS:a"), authority.issue("DNS:b")];
    const args = ["--tls-cert", one.cert, "--tls-key", other.key, "--state", join(folder, "never")];
    const { code, output } = await pypiEdge(["serve", ...args], folder);
    expect([code, output]).toEqual([1, `The key in ${other.key} is not the key of the certificate in ${one.cert}.\n`]);
  });

  test.each([
    ["DNS:pypi.test,IP:127.0.0.1", [], "https://127.0.0.1:8787", "https://127.0.0.1:8787"],
    ["DNS:pypi.test,DNS:localhost", [], "https://localhost:8787", "https://localhost:8787"],
    ["DNS:*.test,DNS:pypi.test", [], "https://pypi.test:8787", "https://pypi.test:8787"],
    ["DNS:pypi.test,IP:127.0.0.1", ["--host", "0.0.0.0"], "https://pypi.test:8787", "https://127.0.0.1:8787"],
    [
      "DNS:*.acme.test",
      ["--public-url", "https://pypi.acme.test"],
      "https://pypi.acme.test",
      "https://pypi.acme.test:8787",
    ],
    ["DNS:pypi.test,IP:::1", ["--host", "::"], "https://pypi.test:8787", "https://[::1]:8787"],
  ])("of %s, with %j, has the address %s, and %s on this machine", async (names, options, forClients, here) => {
    const { x509 } = await readCertificate(authority.issue(names));
    const started = optionsOf(...options);
    expect([publicAddress(started, x509), localAddress(started, x509)]).toEqual([forClients, here]);
  });
});
