import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { builtServer } from "../../../cli/build/build.ts";
import { freePort, startServer, type StartedServer } from "../../../cli/demo/process.ts";
import { parentGone } from "../../../cli/serve/parent-gone.ts";
import { openState } from "../../../cli/serve/state.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const READY = /\bready\b[^]*Ctrl-C/;
const PAGE = '<a href="../../demo-1.0.tar.gz">demo-1.0.tar.gz</a>';

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-stop-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers that the upstream has not sent yet. */
const held: ServerResponse[] = [];
const upstream = createServer((_, response) => void held.push(response));
const sendHeld = () => held.splice(0).forEach((response) => response.setHeader("Content-Type", "text/html").end(PAGE));
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  await builtServer();
}, 120_000);
afterAll(() => upstream.close());

let port: number;
let state: string;
beforeEach(async () => {
  port = await freePort();
  state = mkdtempSync(join(folder, "state-"));
});

const options = () => {
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const index = `http://127.0.0.1:${upstreamPort}/simple/`;
  return ["--port", `${port}`, "--state", state, "--upstream", index, "--no-cron", "--quiet"];
};

/** With an option of V8, which its threads cannot be given. */
const withNode = () =>
  startServer(process.execPath, ["--max-old-space-size=2000", "bin/pypi-edge.js", "serve", ...options()], READY, {
    cwd: ROOT,
  });
const withNpm = () => startServer("npm", ["start", "--", ...options()], READY, { cwd: ROOT });

/** Asks for a page, and waits until the upstream has been asked for it. `answer` is the page's status. */
async function beginRequest(): Promise<{ readonly answer: Promise<number | string> }> {
  const answer = fetch(`http://127.0.0.1:${port}/simple/demo/`).then(
    async (page) => {
      await page.text();
      return page.status;
    },
    () => "broken off",
  );
  await vi.waitFor(() => expect(held).toHaveLength(1), 10_000);
  return { answer };
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Throws where a process still uses the state directory. */
const isFree = () => openState(state).close();

describe.each([
  ["node", withNode],
  ["npm", withNpm],
] as const)("the server that %s has started", (_, start) => {
  let server: StartedServer;
  beforeEach(async () => {
    server = await start();
    return () => server.kill();
  }, 60_000);

  test("answers what was begun when that process alone gets SIGTERM, and ends with 0", async () => {
    const { answer } = await beginRequest();
    const ended = server.stop("SIGTERM");
    await later(500);
    sendHeld();
    expect([await answer, await ended]).toEqual([200, 0]);
    isFree();
  });

  test("takes a Ctrl-C that reaches it twice for one", async () => {
    const { answer } = await beginRequest();
    const ended = server.stop("SIGINT");
    await later(200);
    void server.stop("SIGINT");
    await later(300);
    sendHeld();
    expect([await answer, await ended]).toEqual([200, 0]);
  });

  test("ends at once at a second SIGTERM", async () => {
    const { answer } = await beginRequest();
    const ended = server.stop("SIGTERM");
    await later(1_500);
    const begun = performance.now();
    void server.stop("SIGTERM");
    expect([await answer, await ended]).toEqual(["broken off", 130]);
    expect(performance.now() - begun).toBeLessThan(2_500);
    isFree();
    sendHeld();
  });

  test("ends at once where a client only keeps its connection", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("connect", resolve));
    expect(await server.stop("SIGTERM")).toBe(0);
    isFree();
  });
});

test("SIGTERM while it starts ends it with 0", async () => {
  const args = ["bin/pypi-edge.js", "serve", ...options()];
  const server = await startServer(process.execPath, args, { port }, { cwd: ROOT });
  expect(await server.stop("SIGTERM")).toBe(0);
  expect(existsSync(join(state, "lock.sqlite"))).toBe(true);
  isFree();
});

/** What `npx pypi-edge serve` does, without looking for the command. */
const withNpx = () =>
  startServer("npm", ["exec", "-c", ["node", "bin/pypi-edge.js", "serve", ...options()].join(" ")], READY, {
    cwd: ROOT,
  });

test("SIGTERM to npx alone, which kills the shell between, stops the server when what was begun is answered", async () => {
  const server = await withNpx();
  const { answer } = await beginRequest();
  try {
    process.kill(server.pid, "SIGTERM");
    await later(1_500);
    expect(isFree).toThrow(Error);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow(Error);
    sendHeld();
    expect(await answer).toBe(200);
    await vi.waitFor(isFree, { timeout: 10_000, interval: 100 });
  } finally {
    await server.kill();
  }
});

describe("a parent that is gone", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([
    ["of what npx has started is noticed", { npm_command: "exec" }, [7, 1], true],
    ["of what npx has started below a subreaper is noticed", { npm_command: "exec" }, [7, 4], true],
    ["that is still there is not", { npm_command: "exec" }, [7, 7], false],
    ["of what was detached is none of our business", {}, [7, 1], false],
    ["of what npm run has started is not, which may put it in the background", { npm_command: "run" }, [7, 1], false],
    ["from the beginning is not", { npm_command: "exec" }, [1, 1], false],
  ] as const)("%s", async (_which, environment, [first, then], isNoticed) => {
    let parent: number = first;
    let noticed = false;
    void parentGone(environment, () => parent).then(() => (noticed = true));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(noticed).toBe(false);
    parent = then;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(noticed).toBe(isNoticed);
  });
});
