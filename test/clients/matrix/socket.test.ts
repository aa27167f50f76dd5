import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { builtServer } from "../../../cli/build/build.ts";
import { bundle, COMMAND_ENTRIES } from "../../../cli/build/bundle.ts";
import { freePort, run, startServer, type StartedServer } from "../../../cli/demo/process.ts";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import { CLI, pypiEdge } from "../../support/node/command.ts";

const READY = /\bready\b[^]*Ctrl-C/;
const COMMON = ["--upstream", "http://127.0.0.1:9/simple/", "--public-url", "https://pypi.test", "--no-cron"];

let folder: string;
let path: string;
let state: string;
const servers: StartedServer[] = [];
beforeAll(() => builtServer(), 120_000);
beforeEach(() => {
  // A socket's path has at most some hundred bytes.
  folder = mkdtempSync(join(tmpdir(), "edge-socket-"));
  [path, state] = [join(folder, "http.sock"), join(folder, "state")];
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  rmSync(folder, { recursive: true });
});

const argsOf = (more: readonly string[]) => [CLI, "serve", "--state", state, ...COMMON, ...more];

async function start(...more: string[]): Promise<StartedServer> {
  const server = await startServer(process.execPath, argsOf(["--socket", path, ...more]), READY);
  servers.push(server);
  return server;
}

/** The status of `/` at a socket, and its text. */
async function get(socketPath: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path: "/", headers: { Host: "pypi.test", ...headers } }, resolve)
    .on("error", reject)
    .end();
  const answer = await promise;
  return { status: answer.statusCode, body: await text(answer) };
}

const command = (...words: string[]) => pypiEdge(words, folder, { PYPI_EDGE_STATE: state });

test("it listens at the socket, the other commands find it there, and the file is gone when it has ended", async () => {
  const server = await start();
  expect(server.output()).toContain("pip install --index-url https://pypi.test/simple/ requests");
  expect([(await get(path)).status, statSync(path).mode & 0o666]).toEqual([200, 0o666]);
  const made = await command("token", "create", "--index", "team", "--scope", "read,upload", "--name", "ci");
  expect([made.code, made.output]).toEqual([0, expect.stringMatching(/^pypi-edge_/)]);
  const wheel = await buildWheel({ name: "acme-tools", version: "1.0" });
  writeFileSync(join(folder, wheel.filename), wheel.bytes);
  const uploaded = await command("upload", "--index", "team", wheel.filename);
  expect([uploaded.code, uploaded.output]).toEqual([0, expect.stringContaining("acme")]);
  expect(await server.stop()).toBe(0);
  expect(existsSync(path)).toBe(false);
  const late = await command("token", "list");
  expect([late.code, late.output]).toEqual([3, expect.stringContaining(`No server answers at ${path} (ENOENT)`)]);
});

test("the commands of the package find it there, too", async () => {
  await start();
  const built = mkdtempSync(`${join(PROJECT_FOLDER, "dist")}-`);
  try {
    await bundle(COMMAND_ENTRIES, built, { sourcemap: false });
    const env = { ...process.env, PYPI_EDGE_STATE: state, XDG_CONFIG_HOME: folder };
    const { code, output } = await run(process.execPath, [join(built, "pypi-edge.js"), "token", "list"], { env });
    expect([code, output]).toEqual([0, expect.stringContaining("There are no tokens")]);
  } finally {
    rmSync(built, { recursive: true });
  }
});

test("the socket of a killed server is replaced, and that of a live one is refused", async () => {
  await (await start()).kill();
  expect(existsSync(path)).toBe(true);
  await start();
  expect((await get(path)).status).toBe(200);
  const other = [...COMMON, "--socket", path, "--state", join(folder, "other")];
  const { code, output } = await pypiEdge(["serve", ...other], folder);
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^pypi-edge cannot listen at the socket \S+: another program listens there\.$/m),
  ]);
  expect((await get(path)).status).toBe(200);
});

test.each([
  ["a file that is no socket", () => writeFileSync(path, "kept"), "a file that is no socket is there."],
  [
    "a missing directory",
    () => (path = join(folder, "none", "x")),
    "its directory does not exist, or this user may not write to it.",
  ],
  ["a long path", () => (path = join(folder, "x".repeat(120))), "its path is too long for a socket."],
])("%s is refused with a sentence", async (_, prepare, sentence) => {
  prepare();
  const { code, output } = await pypiEdge(["serve", "--state", state, ...COMMON, "--socket", path], folder);
  expect([code, output]).toEqual([
    1,
    expect.stringContaining(`pypi-edge cannot listen at the socket ${path}: ${sentence}`),
  ]);
});

test.each([
  [["--socket", "x"], "--socket: name the address that clients use with --public-url URL.\n"],
  [
    ["--socket", "x", "--tls-cert", "a", "--tls-key", "b"],
    "--socket and --tls-cert: TLS is not spoken on a Unix socket.\n",
  ],
  [["--trusted-proxy", ","], "--trusted-proxy ,: name at least one proxy, or leave the option out.\n"],
])("%j is refused with a sentence", async (options, sentence) => {
  expect(await pypiEdge(["serve", ...options], folder)).toMatchObject({ code: 2, output: sentence });
});

/** Listens as systemd does, and becomes the server, whose file 3 is that socket. */
const ACTIVATE = `
import os, socket, sys
kind, where, sockets, *command = sys.argv[1:]
listening = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
listening.bind(where if kind == "unix" else ("127.0.0.1", int(where)))
listening.listen()
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sockets)
os.execv(command[0], command)
`;

const activated = (kind: string, where: string, sockets = "1") => [
  "-c",
  ACTIVATE,
  kind,
  where,
  sockets,
  process.execPath,
  ...argsOf([]),
];

test("it listens at the Unix socket that systemd passes, and leaves its file", async () => {
  const server = await startServer("python3", activated("unix", path), READY);
  servers.push(server);
  expect((await get(path)).status).toBe(200);
  expect(await server.stop()).toBe(0);
  expect(existsSync(path)).toBe(true);
});

test("it listens at the port that systemd passes, where the other commands find it", async () => {
  const port = await freePort();
  const server = await startServer("python3", activated("tcp", `${port}`), READY);
  servers.push(server);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  expect((await command("token", "list")).code).toBe(0);
  expect(await server.stop()).toBe(0);
});

test("several sockets are refused with a sentence", async () => {
  const { code, output } = await run("python3", activated("unix", path, "2"));
  expect([code, output]).toEqual([1, "systemd has passed 2 sockets; pypi-edge listens at one.\n"]);
});

test("without an address for clients, systemd's socket is refused with a sentence", async () => {
  const without = activated("unix", path).filter((each) => !each.includes("pypi.test") && each !== "--public-url");
  const { code, output } = await run("python3", without);
  expect([code, output]).toEqual([
    1,
    "systemd has passed a socket: name the address that clients use with --public-url URL.\n",
  ]);
});
