import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { deployCommand } from "../../cli/commands/deploy.ts";
import { accessIn } from "../../cli/deploy/account.ts";
import { tryAddress } from "../../cli/deploy/try-address.ts";
import { demandOwnArguments } from "../../cli/lib/own-arguments.ts";
import { ACCOUNT } from "../support/node/cloudflare/fake-account.ts";

describe("a command line", () => {
  test.each([
    [{}, "Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID in the environment"],
    [{ CLOUDFLARE_API_TOKEN: "x" }, "Set CLOUDFLARE_ACCOUNT_ID in the environment"],
    [{ CLOUDFLARE_API_TOKEN: "x", CLOUDFLARE_ACCOUNT_ID: "acme" }, "CLOUDFLARE_ACCOUNT_ID is not an account's id"],
    [{ CLOUDFLARE_API_TOKEN: "x\ny", CLOUDFLARE_ACCOUNT_ID: ACCOUNT }, "CLOUDFLARE_API_TOKEN has a character"],
  ])("with %j in its environment says what is wrong", (env, sentence) => {
    expect(() => accessIn(env)).toThrow(sentence);
  });

  test("npm run deploy --dry-run, whose option npm keeps for itself, deploys nothing", () => {
    const env = { npm_lifecycle_event: "deploy", npm_config_dry_run: "true" };
    expect(() => demandOwnArguments(deployCommand(), env)).toThrow(
      'npm does not pass --dry-run on unless "--" stands before it: npm run deploy -- --dry-run …',
    );
    demandOwnArguments(deployCommand(), { npm_lifecycle_event: "deploy" });
  });
});

describe("the address of a deployment", () => {
  /** What is said of an address whose server answers health, and nothing else. */
  async function tried(health: number, isPrivate: boolean) {
    const remarks: string[] = [];
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/-/health" ? health : 404, { "Content-Type": "application/json" });
      response.end('{"status":"ok"}');
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const root = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const remark = (line: string) => remarks.push(line);
    const failure = await tryAddress(root, { isPrivate, project: "idna", remark, patience: 0 }).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    return { failure, remarks };
  }

  test("is tried, and what fails ends the run with the command that shows all of it", async () => {
    const { failure, remarks } = await tried(200, false);
    expect(failure).toMatch(
      /^The worker is deployed, but the check of http.* failed: \d+ passed, \d+ failed.*pypi-edge check http/,
    );
    expect(remarks.join("\n")).toMatch(/^failed /m);
  });

  test("of a private index is not read without a token", async () => {
    const { failure, remarks } = await tried(200, true);
    expect([failure, remarks]).toEqual([
      undefined,
      [expect.stringMatching(/^The default index needs a token: pypi-edge check .* --token - tries it\.$/)],
    ]);
  });

  test("that does not answer for long is told of", async () => {
    expect((await tried(503, false)).failure).toMatch(/^The worker is deployed, but it does not answer yet: /);
  });
});
