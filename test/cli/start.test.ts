import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, run, startServer, type StartedServer } from "../../cli/demo/process.ts";
import { builtServer } from "../../cli/build/build.ts";
import { openState } from "../../cli/serve/state.ts";
import { CLI } from "../support/node/command.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Nothing listens there (RFC 863's port, which no one serves). */
const ADMIN = "a-token-for-the-tests";
const REFUSING = "http://127.0.0.1:9/simple/";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => builtServer(), 120_000);

const start = (...options: string[]) =>
  startServer(process.execPath, [CLI, "serve", "--upstream", REFUSING, ...options], /\bready\b[^]*Ctrl-C/, {
    cwd: ROOT,
  });
const attempt = (...options: string[]) => run(process.execPath, [CLI, "serve", ...options], { cwd: ROOT });

describe("pypi-edge serve", () => {
  let server: StartedServer;
  let port: number;
  const state = join(folder, "state");
  beforeAll(async () => {
    port = await freePort();
    server = await start("--port", `${port}`, "--state", state);
  }, 60_000);
  afterAll(() => server.stop());

  test("says what to type next, for pip and for uv", () => {
    expect(server.output()).toContain(`pip install --index-url http://127.0.0.1:${port}/simple/ requests`);
    expect(server.output()).toContain(`uv pip install --default-index http://127.0.0.1:${port}/simple/ requests`);
    expect(server.output()).not.toMatch(/trusted-host|insecure/);
  });

  test("says that no advisories are loaded, and what that means", async () => {
    await expect.poll(() => server.output()).toContain("No advisories are loaded: index team lets through");
  });

  test("says in one line that the upstream cannot be reached and why, and serves all the same", async () => {
    await expect.poll(() => server.output()).toMatch(/^The upstream \S+ cannot be reached \(.*ECONNREFUSED.*\)/m);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test("logs one line a request, as JSON where its output is no terminal", async () => {
    const { status, headers } = await fetch(`http://127.0.0.1:${port}/simple/some-name/`);
    expect(status).toBe(503);
    const lines = () => server.output().match(/^\{.*"request":"GET \/simple\/some-name\/".*"ms".*$/gm) ?? [];
    await expect.poll(lines).toHaveLength(1);
    expect(JSON.parse(lines()[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      requestId: headers.get("X-Request-Id"),
      index: "default",
      project: "some-name",
      request: "GET /simple/some-name/",
      status: 503,
      ms: expect.any(Number),
      upstreamMs: expect.any(Number),
    });
  });

  test("makes an admin token that opens the API, keeps it for its owner alone, and says where", async () => {
    const file = join(state, "admin-token");
    expect(server.output()).toContain(`The admin token is in ${file};`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, "utf8").trim();
    const ask = (shown: string) =>
      fetch(`http://127.0.0.1:${port}/-/api/jobs/none`, {
        method: "POST",
        headers: { Authorization: `Bearer ${shown}` },
      });
    expect([(await ask(token)).status, (await ask(`${token}x`)).status]).toEqual([404, 401]);
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

test("a host that is not this machine's is refused in plain words", async () => {
  const { code, output } = await attempt("--host", "192.0.2.1", "--port", "8787", "--state", join(folder, "never"));
  expect([code, output]).toEqual([
    1,
    "pypi-edge cannot listen at 192.0.2.1, port 8787: this machine does not have the address.\n",
  ]);
});

/** How a start ends whose database cannot be used. */
async function refusal(state: string) {
  const { code, output } = await attempt("--port", `${await freePort()}`, "--upstream", REFUSING, "--state", state);
  expect(output).not.toMatch(/\bat \S+ \(?\S+\.(?:ts|js):\d+/);
  return [code, output];
}

test("a state directory in which the database's place is taken is named in a sentence", async () => {
  const state = mkdtempSync(join(folder, "taken-"));
  mkdirSync(join(state, "database.sqlite"));
  expect(await refusal(state)).toEqual([
    1,
    expect.stringMatching(/^\S+taken-\S+database\.sqlite cannot be read: [^.]+\. Make .*\.\n$/),
  ]);
});

test.runIf(process.platform === "linux")(
  "a state directory where no folder can be made is refused in a sentence",
  async () => {
    const link = join(folder, "nowhere");
    symlinkSync(join(folder, "missing", "below"), link);
    const places = [
      ["/proc/x", "the file system of /proc takes no folders"],
      [link, `${link} is a link that leads nowhere`],
    ] as const;
    for (const [state, reason] of places)
      expect(await refusal(state)).toEqual([
        1,
        `The state directory ${state} cannot be used: ${reason}. Choose another one with --state DIR.\n`,
      ]);
  },
);

test("an admin token that is easily guessed is refused, with a sentence", async () => {
  const { code, output } = await attempt("--admin-token", "secret", "--state", join(folder, "guessed"));
  expect([code, output]).toEqual([1, expect.stringMatching(/ADMIN_TOKEN: must be at least 16 characters/)]);
  expect(existsSync(join(folder, "guessed", "admin-token"))).toBe(false);
});

describe("pypi-edge serve on a new state directory, on all addresses", () => {
  const state = join(folder, "new");
  const statuses = new Set<number | undefined>();
  let port: number;
  let output: string;
  beforeAll(async () => {
    port = await freePort();
    const starting = start("--port", `${port}`, "--host", "0.0.0.0", "--state", state, "--admin-token", ADMIN);
    const headers = { Authorization: `Bearer ${ADMIN}` };
    const asking = new AbortController();
    void starting.catch(() => undefined).then(() => asking.abort());
    while (!asking.signal.aborted) {
      // The figures are read from the database. Where there is no answer, the server does not listen yet.
      const answer = await fetch(`http://127.0.0.1:${port}/-/metrics`, { headers }).catch(() => undefined);
      await answer?.text();
      statuses.add(answer?.status);
    }
    const server = await starting;
    await server.stop();
    output = server.output();
  }, 60_000);

  test("answers nothing before its tables exist", () => {
    expect([...statuses].filter((status) => status !== 200)).toEqual([undefined]);
    expect(output).not.toContain("no such table");
  });

  test("prints what clients of other machines need", () => {
    const machine = /ready at http:\/\/([\d.]+):/.exec(output)?.[1] ?? "";
    if (machine === "127.0.0.1") return;
    expect(output).toContain(`--trusted-host ${machine}`);
    expect(output).toContain(`--allow-insecure-host ${machine}:${port}`);
  });

  test("refuses in a sentence a database that a newer version has changed", async () => {
    const database = new DatabaseSync(join(state, "database.sqlite"));
    database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_next.sql')");
    expect(await refusal(state)).toEqual([
      1,
      expect.stringMatching(/^A newer pypi-edge has changed the database \(9999_next\.sql\).* Start that version .*$/m),
    ]);
    database.exec("DELETE FROM d1_migrations WHERE name = '9999_next.sql'");
    database.close();
  });

  test("names that directory in a sentence where another of its stores cannot be opened", async () => {
    rmSync(join(state, "objects"), { recursive: true });
    writeFileSync(join(state, "objects"), "");
    expect(await refusal(state)).toEqual([
      1,
      expect.stringMatching(
        /^The state directory .*new cannot be used: \S*objects: there is a file of that name\. .*--state DIR\.$/m,
      ),
    ]);
  });
});

describe("pypi-edge serve --config", () => {
  const PYPI = `[vars.UPSTREAMS.pypi]\nurl = "${REFUSING}"\n`;
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  test("serves the indexes of that file, with credentials from the environment", async () => {
    const asked: (string | undefined)[] = [];
    const upstream = createHttpServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      response.setHeader("Content-Type", "text/html").end('<a href="../../demo-1.0.tar.gz">demo-1.0.tar.gz</a>');
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const { port: upstreamPort } = upstream.address() as AddressInfo;
    const file = write(
      "two.toml",
      `${PYPI}[vars.UPSTREAMS.acme]\nurl = "http://127.0.0.1:${upstreamPort}/simple/"\ncredentials = "ACME"
[vars.INDEXES]\ndefault = { sources = ["pypi"] }\nacme = { sources = ["acme", "pypi"] }\n`,
    );
    const port = await freePort();
    const args = [CLI, "serve", "--port", `${port}`, "--state", join(folder, "two"), "--config", file, "--quiet"];
    const server = await startServer(process.execPath, args, /\bready\b[^]*Ctrl-C/, {
      cwd: ROOT,
      env: { ...process.env, ACME: "reader:s3cret" },
    });
    const answer = await fetch(`http://127.0.0.1:${port}/acme/simple/demo/`);
    await server.stop();
    upstream.close();
    expect(server.output()).toContain(`and at http://127.0.0.1:${port}/acme/simple/ (upstream http://127.0.0.1:`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("demo-1.0.tar.gz")]);
    expect(asked).toEqual([`/simple/demo/ Basic ${btoa("reader:s3cret")}`]);
  });

  test("ends with a sentence where that file is wrong", async () => {
    const file = write("wrong.toml", '[vars]\nPAGE_TTL = "ten"\n');
    const state = join(folder, "wrong");
    const { code, output } = await attempt("--port", `${await freePort()}`, "--state", state, "--config", file);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^The configuration is wrong: PAGE_TTL: must be a whole number.*\.\n$/),
    ]);
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
    openState(state).close();
  },
);

test.each([
  [["--port", "eighty"], 2, "--port eighty: a port is a number"],
  [["--prot", "80"], 2, "Did you mean --port?"],
  [["--upstream", "pypi.org"], 2, "--upstream pypi.org: an address such as"],
  [["--upstream", "http://pypi.org/simple/"], 2, "plain http is for loopback"],
  [["--public-url", "x"], 2, "--public-url x: an address such as"],
  [["--public-url", "https://u:p@pypi.example/"], 2, "--public-url https://u:p@pypi.example/: no credentials"],
  [
    ["--state", "/dev/null/x"],
    1,
    "cannot be used: a part of its path is not a directory. Choose another one with --state",
  ],
  [
    ["--state", "package.json"],
    1,
    "package.json cannot be used: there is a file of that name. Choose another one with",
  ],
  [["--config", "no.toml"], 1, "no.toml: there is no such file.\n"],
  [["--config", "schema"], 1, "schema: a directory, not a file.\n"],
])("%j ends with %i and a sentence", async (options, ending, sentence) => {
  const { code, output } = await attempt(...options);
  expect([code, output]).toEqual([ending, expect.stringContaining(sentence)]);
});

test("npm start --port 9102, whose option npm keeps for itself, is told what is missing", async () => {
  // As npm 11 hands it on: the option as a variable, and its value as an argument.
  const env = { ...process.env, npm_lifecycle_event: "start", npm_config_port: "true" };
  const { code, output } = await run(process.execPath, [CLI, "serve", "9102"], { cwd: ROOT, env });
  expect([code, output]).toEqual([
    2,
    'npm does not pass --port on unless "--" stands before it: npm start -- --port …\n',
  ]);
});

test("a state directory of the simulators is refused with the command that carries it over, and stays as it is", async () => {
  const state = mkdtempSync(join(folder, "simulated-"));
  execFileSync("tar", ["-xzf", join(ROOT, "test", "fixtures", "states", "0012.tar.gz"), "-C", state]);
  const names = () => readdirSync(state, { recursive: true }).map(String);
  const before = names();
  expect(await refusal(state)).toEqual([
    1,
    expect.stringMatching(
      /^The state directory .* is of an earlier version .*npx pypi-edge carry-over "\S+" --state NEW\./,
    ),
  ]);
  const added = names().filter((name) => !before.includes(name));
  expect(added.filter((name) => !name.startsWith("lock.sqlite"))).toEqual([]);
});
