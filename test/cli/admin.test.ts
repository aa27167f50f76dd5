import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { showProgress } from "../../cli/lib/progress.ts";
import { isThisMachine } from "../../cli/lib/this-machine.ts";
import { freePort } from "../../cli/demo/process.ts";
import { JOBS } from "../../worker/jobs/schedule.ts";
import { pypiEdge } from "../support/node/command.ts";

const TOKEN = "a-token-for-the-tests";

/** What the server was sent. */
interface Sent {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let server: Server;
let url: string;
const sent: Sent[] = [];
/** What the server answers. */
let answer: { status: number; type: string; parts: string[]; cut?: boolean };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    sent.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(answer.status, { "Content-Type": answer.type });
    for (const part of answer.parts) response.write(part);
    if (answer.cut) response.flushHeaders();
    if (answer.cut) setImmediate(() => response.destroy());
    else response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-admin-"));
  writeFileSync(join(folder, "uv.lock"), "version = 1\n");
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "state", "admin-token"), `${TOKEN}\n`, { mode: 0o600 });
  sent.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command where the files are. */
const command = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  pypiEdge([...name.split(" "), ...args], folder, env);

const warm = (...args: string[]) => command("warm", [...args, "--url", url, "--state", "state"]);
const runJob = (...args: string[]) => command("jobs run", [...args, "--url", url, "--state", "state"]);

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`);
const SUMMARY = {
  done: true,
  packages: 2,
  pages: 2,
  files: 2,
  metadata: 1,
  alreadyStored: 1,
  pending: [],
  elsewhere: [],
  unfit: [],
  seconds: 0.4,
};
const PLAN = {
  packages: 2,
  pages: 2,
  files: 2,
  metadata: 1,
  alreadyStored: 1,
  elsewhere: [],
  unfit: [],
  bytes: 8_000_000_000,
  unsized: 0,
  missing: 2,
  missingBytes: 200_000_000,
  leftOut: 0,
};
const good = (...values: unknown[]) => ({ status: 200, type: "application/x-ndjson", parts: lines(...values) });

describe("pypi-edge warm", () => {
  test("sends the file with its name and what narrows it, and says what is stored", async () => {
    answer = good(
      { plan: PLAN },
      { stored: 1, of: 3 },
      { stored: 2, of: 3, file: "a.whl" },
      { stored: 3, of: 3, file: "b.whl" },
      SUMMARY,
    );
    const { code, output } = await warm("uv.lock", "--python", "3.12", "--platform", "win_amd64", "--index", "team");
    // Progress goes to stderr and the result to stdout: between two pipes there is no order.
    expect(output.trimEnd().split("\n").toSorted()).toEqual([
      "2 of 3 stored: a.whl",
      "3 of 3 stored: b.whl",
      "Stored: 2 files and 1 .metadata of 2 packages, 1 of these 3 before; 0.4 s.",
      "To store: 2 files and 1 .metadata of 2 packages, 8.0 GB; 2 of these 3 are not stored yet, 200.0 MB to fetch.",
    ]);
    expect(code).toBe(0);
    expect(sent).toMatchObject([
      {
        url: "/-/api/warm?filename=uv.lock&index=team&python=3.12&platform=win_amd64",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: "version = 1\n",
      },
    ]);
  });

  test("prints the server's lines as they are with --json", async () => {
    answer = good({ stored: 3, of: 3, file: "b.whl" }, SUMMARY);
    expect(await warm("uv.lock", "--json")).toMatchObject({ code: 0, output: answer.parts.join("") });
  });

  test("with --dry-run it says how much that is, and ends", async () => {
    answer = good({ plan: { ...PLAN, unsized: 1, leftOut: 9 } });
    expect(await warm("uv.lock", "--dry-run")).toMatchObject({
      code: 0,
      output:
        "9 more .metadata are too many for one request, and left out: send the lock in parts.\nTo store: 2 files and 1 .metadata of 2 packages, 8.0 GB and 1 file of unknown size; 2 of these 3 are not stored yet, 200.0 MB to fetch.\n",
    });
    expect(sent[0]?.url).toBe("/-/api/warm?filename=uv.lock&dry-run=true");
  });

  test("says once that an upstream is waited for, and ends with 1 and the server's sentence where that lasts", async () => {
    const line = { waiting: "The upstream is away.\u001b", read: 1, of: 2 };
    const problem = { status: 503, title: "Upstream unavailable", detail: "It stayed away." };
    answer = good(line, line, { problem });
    expect(await warm("uv.lock")).toMatchObject({
      code: 1,
      output: "Waiting, 1 of 2 pages is read: The upstream is away.\\u001b\nIt stayed away.\n",
    });
  });

  test("ends with 1 and the server's sentence where it refuses", async () => {
    answer = {
      status: 422,
      type: "text/plain; charset=utf-8",
      parts: ["uv.lock line 3: \u001b[31mno\u2066.\nand more\n"],
    };
    expect(await warm("uv.lock")).toMatchObject({
      code: 1,
      output: "uv.lock line 3: \\u001b[31mno\\u2066.\nand more\n",
    });
  });

  test("says which address to name where that one takes no POST, as a Simple API's does", async () => {
    answer = { status: 405, type: "text/plain; charset=utf-8", parts: ["only GET and HEAD are offered\n"] };
    const { code, output } = await warm("uv.lock");
    expect([code, output]).toEqual([2, expect.stringContaining("name pypi-edge's root with --url, without /simple/")]);
  });

  test("ends with 1 and names what is missing where not all could be stored", async () => {
    const left = { elsewhere: ["mine"], unfit: ["pywin32"] };
    const missing = { done: false, pending: ["a.whl"], reasons: ["a.whl was refused: it is small."] };
    answer = good({ plan: { ...PLAN, ...left } }, { ...SUMMARY, ...missing, ...left });
    const said =
      /^Not from an index, so left out: mine\.\nNo file of these packages fits: pywin32\.\nTo store: [^\n]*\n1 of these 3 is not stored \(2 files and 1 \.metadata of 2 packages\): a\.whl\.\n {2}a\.whl was refused: it is small\.\nWhat can be stored later/;
    expect(await warm("uv.lock")).toMatchObject({ code: 1, output: expect.stringMatching(said) });
  });

  test("says in one sentence that nothing is to be stored", async () => {
    const none = { packages: 0, pages: 0, files: 0, metadata: 0, alreadyStored: 0, missing: 0, missingBytes: 0 };
    const left = { elsewhere: ["six"], otherIndexes: [{ index: "--no-index", packages: ["six"] }] };
    answer = good({ plan: { ...PLAN, ...none, ...left } }, { ...SUMMARY, ...none, ...left });
    expect(await warm("uv.lock")).toMatchObject({
      code: 0,
      output:
        "The file says --no-index, so left out: six.\nNothing to store: no package of this lock comes from this index.\n",
    });
  });

  test("names what comes from other indexes, and these", async () => {
    const others = [
      { index: "https://pkgs.corp.example/simple", packages: ["corp", "acme"] },
      { index: "\u001b[31m--no-index", packages: ["local"] },
    ];
    const left = { elsewhere: ["mine", "corp", "acme", "local"], otherIndexes: others };
    answer = good({ plan: { ...PLAN, ...left } }, { ...SUMMARY, ...left });
    const { code, output } = await warm("uv.lock");
    expect(code).toBe(0);
    expect(output).toMatch(
      /^Not from an index, so left out: mine\.\nFrom another index \(https:\/\/pkgs\.corp\.example\/simple\), so left out: corp, acme\.\nFrom another index \(.*--no-index\), so left out: local\.\nTo store: /,
    );
    expect(output).not.toContain("\u001b");
  });

  test.each([
    ["breaks off", { ...good({ stored: 1, of: 3 }), cut: true }, /broke off/],
    ["ends too early", good({ stored: 1, of: 3 }), /ended its answer too early/],
    [
      "is none of ours",
      { status: 200, type: "text/html", parts: ["<html>\n"] },
      /Is that a current version of pypi-edge/,
    ],
    ["is an error page of something else", { status: 502, type: "text/html", parts: ["<html>\n"] }, /answered 502/],
    ["leads elsewhere", { status: 302, type: "text/html", parts: [] }, /answered 302/],
  ])("ends with 1 where the answer %s", async (_what, given, sentence) => {
    answer = given;
    const { code, output } = await warm("uv.lock");
    expect([code, output]).toEqual([1, expect.stringMatching(sentence)]);
    expect(output.trimEnd().split("\n")).toHaveLength(1);
  });

  test.each([
    [["nope.lock"], 1, "nope.lock: there is no such file."],
    [["state"], 1, "state: a directory, not a file."],
    [[], 2, "missing required argument 'file'"],
    [["a", "b"], 2, "too many arguments"],
    [["uv.lock", "--pyhton", "3.12"], 2, "Did you mean --python?"],
  ])("with %j ends with %i, says what is wrong, and sends nothing", async (args, ending, sentence) => {
    const { code, output } = await warm(...args);
    expect([code, output]).toEqual([ending, expect.stringContaining(sentence)]);
    expect(sent).toEqual([]);
  });

  test("says how to start a server where nothing answers", async () => {
    const at = `http://127.0.0.1:${await freePort()}`;
    const { code, output } = await command("warm", ["uv.lock", "--url", at, "--token", TOKEN]);
    expect([code, output]).toEqual([
      3,
      `No server answers at ${at}/ (ECONNREFUSED). Start it with pypi-edge serve, or name another address with --url.\n`,
    ]);
  });
});

describe("the admin token", () => {
  test.each([
    [
      "the option, before the environment",
      ["--token", "option-token"],
      { PYPI_EDGE_TOKEN: "env-token" },
      "option-token",
    ],
    ["the environment, before the state directory", [], { PYPI_EDGE_TOKEN: "env-token" }, "env-token"],
    ["the state directory", [], {}, TOKEN],
  ])("comes from %s", async (_what, args, env, token) => {
    answer = good(SUMMARY);
    await command("warm", ["uv.lock", "--url", url, "--state", "state", ...args], env);
    expect(sent[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });

  test.each([
    [
      "there is none",
      ["--url", "http://127.0.0.1:8787", "--state", "empty"],
      4,
      /no admin token in .*empty.*PYPI_EDGE_TOKEN or with --token -/,
    ],
    ["it has a line end in it", ["--token", "a\nb"], 2, /has a character that tokens do not have/],
    ["the server is not this machine's", ["--url", "https://index.example"], 4, /is not sent there/],
    ["the address is in a private network", ["--url", "http://192.168.255.254"], 4, /in PYPI_EDGE_TOKEN/],
    ["the way there is not encrypted", ["--url", "http://index.example", "--token", "t"], 2, /use https/],
    ["the address is none", ["--url", "index.example", "--token", "t"], 2, /--url index\.example: an address/],
  ])("is not sent where %s", async (_what, args, ending, sentence) => {
    const { code, output } = await command("warm", ["uv.lock", ...args]);
    expect([code, output]).toEqual([ending, expect.stringMatching(sentence)]);
  });
});

test("this machine is loopback and its own addresses, and no other private ones", () => {
  const addresses = { eth0: [{ address: "192.168.1.5" }, { address: "fd00::5" }] };
  const spied = vi.spyOn(os, "networkInterfaces").mockReturnValue(addresses as never);
  syncBuiltinESMExports();
  const hosts = ["localhost", "127.0.0.1", "[::1]", "192.168.1.5", "[fd00::5]"];
  const others = ["192.168.1.66", "10.0.0.1", "[fd00::6]", "index.example", "192.168.1.50"];
  const found = [...hosts, ...others].filter(isThisMachine);
  spied.mockRestore();
  syncBuiltinESMExports();
  expect(found).toEqual(hosts);
});

describe("pypi-edge jobs run", () => {
  test("starts a job and prints what it did", async () => {
    answer = { status: 200, type: "application/json", parts: ['{"job":"sweep","did":["One.","Two."]}'] };
    expect(await runJob("sweep", "--dry-run")).toMatchObject({ code: 0, output: "One.\nTwo.\n" });
    expect(sent).toMatchObject([
      { url: "/-/api/jobs/sweep?dry-run=true", headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  });

  test("ends with 1 and the server's sentence where there is no such job", async () => {
    answer = { status: 404, type: "text/plain; charset=utf-8", parts: ['There is no job "reboot"; there are feed.\n'] };
    expect(await runJob("reboot")).toMatchObject({ code: 1, output: 'There is no job "reboot"; there are feed.\n' });
    expect(sent[0]?.url).toBe("/-/api/jobs/reboot");
  });

  test("wants one job, and shows which there are", async () => {
    for (const args of [[], ["feed", "sweep"]]) expect(await runJob(...args)).toMatchObject({ code: 2 });
    const listed = (await command("jobs list", [])).output.split("\n").map((line) => line.split(" ")[0]);
    // Only a cron reaches the edge cache.
    expect(listed.filter((name) => name !== "")).toEqual(Object.keys(JOBS).filter((name) => name !== "purge"));
    expect(await runJob("--help")).toMatchObject({ code: 0, output: expect.stringContaining("--dry-run") });
    expect(sent).toEqual([]);
  });
});

describe("the bar", () => {
  const LONG = "a-name-that-is-much-longer-than-the-line-of-this-terminal.whl";
  const drawn = (isTTY: boolean) => {
    let text = "";
    const bar = showProgress({ isTTY, columns: 60, write: (part: string | Uint8Array) => (text += part) !== "" });
    bar.show({ done: 1, of: 4, unit: "files", text: "" });
    bar.show({ done: 1, of: 4, unit: "files", text: "" });
    bar.show({ done: 2, of: 4, unit: "files", text: LONG, line: `2 of 4 stored: ${LONG}` });
    bar.end();
    return text;
  };

  test("is drawn anew in one line of a terminal, which it never outgrows", () => {
    const [, first, second, last] = drawn(true).split("\r\u001b[K");
    expect(first).toBe(`${"#".repeat(8)}${"-".repeat(22)} 1 of 4 `);
    expect(second).toMatch(/^#{15}-{15} 2 of 4 a-name-that-is-much-l$/);
    expect([second?.length, last]).toEqual([59, ""]);
  });

  test("shows bytes, rate and time left once they can be told, and counts anew for the next thing", () => {
    let [text, now] = ["", 0];
    const out = { isTTY: true, columns: 100, write: (part: string | Uint8Array) => (text += part) !== "" };
    const bar = showProgress(out, () => now);
    const show = (done: number, at: number) => {
      now = at;
      bar.show({ done, of: 10_000_000, unit: "bytes", text: "a.whl" });
      return text.split("\r\u001b[K").at(-1)?.slice(31);
    };
    expect([show(0, 0), show(2_000_000, 2_000), show(9_000_000, 3_000)]).toEqual([
      "0 B of 10.0 MB a.whl",
      "2.0 MB of 10.0 MB, 1.0 MB/s, 8 s left a.whl",
      "9.0 MB of 10.0 MB, 3.0 MB/s, 1 s left a.whl",
    ]);
    expect([show(0, 9_000), show(5_000_000, 10_000)]).toEqual([
      "0 B of 10.0 MB a.whl",
      "5.0 MB of 10.0 MB, 5.0 MB/s, 1 s left a.whl",
    ]);
  });

  test("is a line for what is worth one where there is no terminal", () => {
    expect(drawn(false)).toBe(`2 of 4 stored: ${LONG}\n`);
  });
});
