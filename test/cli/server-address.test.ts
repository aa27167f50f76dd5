import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CLI, pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
beforeAll(() => api.start());
afterAll(() => api.stop());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-address-"));
  api.sent.length = 0;
  api.answer = { status: 200, type: "application/json", parts: ['{"job":"feed","did":["Done."]}'] };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const feed = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, cwd = folder) =>
  pypiEdge(["jobs", "run", "feed", ...args], cwd, { XDG_CONFIG_HOME: join(folder, "config"), ...env });
const shown = () => api.sent.map(({ headers }) => headers.authorization);

/** Runs the command with `input` at its standard input. */
async function typed(input: string, ...args: string[]) {
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, "config") };
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env });
  child.stdin.end(input);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, "close")) as [number];
  return { code, output: (await output).join("") };
}

function keepState(at: string, token = "a-token-of-the-state") {
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "admin-token"), `${token}\n`);
  writeFileSync(join(at, "address"), `${api.url}\n`);
}

describe("the server that a command speaks to", () => {
  test("is the one whose state lies in this folder or one above it, with the address and token that are noted there", async () => {
    keepState(join(folder, ".pypi-edge"));
    mkdirSync(join(folder, "deep", "below"), { recursive: true });
    expect(await feed([], {}, join(folder, "deep", "below"))).toMatchObject({ code: 0, output: "Done.\n" });
    expect(shown()).toEqual(["Bearer a-token-of-the-state"]);
  });

  test("is the one of PYPI_EDGE_STATE, and of --state before that", async () => {
    keepState(join(folder, "one"), "one");
    keepState(join(folder, "two"), "two");
    await feed([], { PYPI_EDGE_STATE: "one" });
    await feed(["--state", "two"], { PYPI_EDGE_STATE: "one" });
    expect(shown()).toEqual(["Bearer one", "Bearer two"]);
  });

  test("is the one of the environment, before the profile", async () => {
    await typed("profile-token", "login", "--url", api.url);
    api.sent.length = 0;
    await feed([], { PYPI_EDGE_URL: api.url, PYPI_EDGE_TOKEN: "env-token" });
    expect(shown()).toEqual(["Bearer env-token"]);
  });

  test("gets no token that is meant for another address", async () => {
    await typed("profile-token", "login", "--url", api.url);
    api.sent.length = 0;
    const { code, output } = await feed(["--url", "https://other.example"]);
    expect([code, output]).toEqual([4, expect.stringContaining("There is no token for https://other.example/")]);
  });

  test("gets the token that is piped in", async () => {
    expect(await typed("piped-token\n", "jobs", "run", "feed", "--url", api.url, "--token", "-")).toMatchObject({
      code: 0,
    });
    expect(shown()).toEqual(["Bearer piped-token"]);
    expect(await typed("\n", "jobs", "run", "feed", "--url", api.url, "--token", "-")).toMatchObject({ code: 2 });
  });
});

describe("pypi-edge login", () => {
  const profile = () => join(folder, "config", "pypi-edge", "profile.json");

  test("asks the server, and keeps address and token for their owner alone", async () => {
    expect(await typed("a-token\n", "login", "--url", api.url, "--token", "-")).toMatchObject({ code: 0 });
    expect(api.sent).toMatchObject([
      { method: "GET", url: "/-/api/tokens", headers: { authorization: "Bearer a-token" } },
    ]);
    expect(JSON.parse(readFileSync(profile(), "utf8"))).toEqual({ url: `${api.url}/`, token: "a-token" });
    expect(statSync(profile()).mode & 0o777).toBe(0o600);
    api.sent.length = 0;
    expect(await feed()).toMatchObject({ code: 0 });
    expect(shown()).toEqual(["Bearer a-token"]);
    expect(await pypiEdge(["logout"], folder)).toMatchObject({ code: 0 });
    expect(existsSync(profile())).toBe(false);
  });

  test("takes a token that may do less than list tokens", async () => {
    api.answer = { status: 403, type: "text/plain", parts: ["It may not.\n"] };
    expect(await typed("a-token\n", "login", "--url", api.url)).toMatchObject({ code: 0 });
  });

  test.each([
    ["the server does not know the token", { status: 401, type: "text/plain", parts: ["Not known.\n"] }, 4],
    ["another server answers", { status: 404, type: "text/html", parts: ["<html>"] }, 1],
  ])("keeps nothing where %s", async (_what, answer, ending) => {
    api.answer = answer;
    expect(await typed("a-token\n", "login", "--url", api.url)).toMatchObject({ code: ending });
    expect(existsSync(profile())).toBe(false);
  });

  test("takes no token on the command line, where others see it", async () => {
    const { code, output } = await typed("", "login", "--url", api.url, "--token", "secret-token");
    expect([code, output]).toEqual([2, expect.stringContaining("--token takes - only here")]);
  });
});

describe("an address that is not a pypi-edge's root", () => {
  test.each(["127.0.0.1:8787", "localhost:8787", "pypi.example.com"])("%s, without a scheme", async (address) => {
    expect(await feed(["--url", address])).toMatchObject({
      code: 2,
      output: `--url ${address}: an address such as http://127.0.0.1:8787/ is expected.\n`,
    });
  });

  const absent = { status: 404, type: "text/plain", parts: ["There is nothing at this address.\n"] };

  test.each(["/simple/", "/team/"])("of an index, %s", async (path) => {
    api.answer = absent;
    expect(await feed(["--url", `${api.url}${path}`, "--token", "t"])).toMatchObject({
      code: 2,
      output: `${api.url}${path} does not offer this: name pypi-edge's root with --url, without /simple/.\n`,
    });
    expect(api.sent.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      [`${path}-/api/jobs/feed`, "Bearer t"],
      [`${path}-/health`, undefined],
    ]);
  });

  test("while a root below a path, which a proxy has given it, answers for itself", async () => {
    api.answer = absent;
    api.health = { status: 200, type: "application/json", parts: ["{}"] };
    expect(await feed(["--url", `${api.url}/pypi/`, "--token", "t"])).toMatchObject({
      code: 1,
      output: "There is nothing at this address.\n",
    });
    api.health = undefined;
  });

  test("with https where the server speaks plain http", async () => {
    const url = `${api.url.replace("http:", "https:")}/`;
    expect(await feed(["--url", url, "--token", "t"])).toMatchObject({
      code: 3,
      output: `${url} does not speak TLS. Is it ${api.url}/?\n`,
    });
  });
});
