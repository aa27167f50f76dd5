import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, run, serve, type Server } from "../../cli/demo/process.ts";
import { build } from "../../cli/server/build.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Nothing listens there (RFC 863's port, which nobody serves). */
const NOBODY = "http://127.0.0.1:9/simple/";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => build(), 120_000);

const start = (...options: string[]) =>
  serve(process.execPath, ["cli/start.ts", "--upstream", NOBODY, ...options], /\bready\b[^]*Ctrl-C/, { cwd: ROOT });
const attempt = (...options: string[]) => run(process.execPath, ["cli/start.ts", ...options], { cwd: ROOT });

describe("npm start", () => {
  let server: Server;
  let port: number;
  const state = join(folder, "state");
  beforeAll(async () => {
    port = await freePort();
    server = await start("--port", `${port}`, "--state", state);
  });
  afterAll(() => server.stop());

  test("says what to type next, for pip and for uv", () => {
    expect(server.output()).toContain(`pip install --index-url http://127.0.0.1:${port}/simple/ requests`);
    expect(server.output()).toContain(`uv pip install --default-index http://127.0.0.1:${port}/simple/ requests`);
    expect(server.output()).not.toMatch(/trusted-host|insecure/);
  });

  test("says in one line that the upstream cannot be reached and why, and serves all the same", async () => {
    await expect.poll(() => server.output()).toMatch(/^The upstream \S+ cannot be reached \(.*ECONNREFUSED.*\)/m);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test("logs one line a request", async () => {
    expect((await fetch(`http://127.0.0.1:${port}/simple/some-name/`)).status).toBe(503);
    await expect.poll(() => server.output().match(/GET \/simple\/some-name\/ 503 \d+ ms/g)).toHaveLength(1);
  });

  test("refuses a state directory that another one uses, with a sentence", async () => {
    const { code, output } = await attempt("--port", `${await freePort()}`, "--state", state);
    expect([code, output]).toEqual([1, expect.stringMatching(/^Another pypi-edge uses .*--state DIR\.\n$/)]);
  });

  test("refuses a port that is in use, with a sentence", async () => {
    const { code, output } = await attempt("--port", `${port}`, "--state", join(folder, "other"));
    expect([code, output]).toEqual([1, expect.stringMatching(/^Port \d+ of 127\.0\.0\.1 is in use\..*--port N\.\n$/)]);
  });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends it with exit code 0, and its port and state are free again",
  async (signal) => {
    const port = await freePort();
    const state = join(folder, signal);
    const server = await start("--port", `${port}`, "--state", state, "--quiet");
    expect(await server.stop(signal)).toBe(0);
    const listener = createServer();
    await new Promise<void>((resolve, reject) => listener.once("error", reject).listen(port, "127.0.0.1", resolve));
    await new Promise((resolve) => listener.close(resolve));
    const again = await start("--port", `${port}`, "--state", state, "--quiet");
    expect(await again.stop()).toBe(0);
  },
);

test("on all addresses it prints what clients of other machines need", async () => {
  const port = await freePort();
  const server = await start("--port", `${port}`, "--host", "0.0.0.0", "--state", join(folder, "all"));
  const output = server.output();
  await server.stop();
  const machine = /ready at http:\/\/([\d.]+):/.exec(output)?.[1] ?? "";
  if (machine === "127.0.0.1") return;
  expect(output).toContain(`--trusted-host ${machine}`);
  expect(output).toContain(`--allow-insecure-host ${machine}:${port}`);
});

test.each([
  [["--port", "eighty"], "--port eighty: a port is a number"],
  [["--prot", "80"], "Unknown option '--prot'"],
  [["--upstream", "pypi.org"], "--upstream pypi.org: an address such as"],
  [["--upstream", "http://pypi.org/simple/"], "plain http is for loopback"],
  [["--public-url", "x"], "--public-url x"],
  [["--state", "/dev/null/x"], "cannot be used"],
])("%j is refused with a sentence", async (options, sentence) => {
  const { code, output } = await attempt(...options);
  expect([code, output]).toEqual([1, expect.stringContaining(sentence)]);
});
