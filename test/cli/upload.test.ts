import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freePort } from "../../cli/demo/process.ts";
import { RetryableFailure, RefusedUpload, uploadApi } from "../../cli/upload/api.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { sendUpload } from "../../cli/upload/send.ts";
import { CommandError } from "../../cli/lib/command-error.ts";
import { CLI, pypiEdge } from "../support/node/command.ts";
import { FakeUploads } from "../support/node/fake-uploads.ts";

const TOKEN = "a-token-for-the-tests";
const WHEEL = "demo-1.0-py3-none-any.whl";
const SDIST = "demo-1.0.tar.gz";
const SUM = / in \d+\.\d s\.\n$/;

let folder: string;
let server: FakeUploads;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-upload-"));
  server = new FakeUploads();
  url = await server.listen();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A file of so many bytes. */
function file(name: string, size: number): Buffer {
  const content = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + name.length) % 256));
  writeFileSync(join(folder, name), content);
  return content;
}

/** Runs the command where the files are. */
const upload = (args: readonly string[]) =>
  pypiEdge(["upload", ...args, "--url", url, "--token", TOKEN, "--index", "team"], folder);

describe("pypi-edge upload", () => {
  test("sends a file in parts, one after the other, and says so", async () => {
    const content = file(WHEEL, 2_500);
    const { code, output } = await upload([WHEEL]);
    expect(output.replace(SUM, "")).toBe(
      `${WHEEL}: published, 2.5 kB\n1 file: 1 published, 0 already there, 0 failed; 2.5 kB sent`,
    );
    expect([code, server.requests]).toEqual([0, ["POST /", "PUT /1", "PUT /2", "PUT /3", "POST /finish"]]);
    expect(server.published.get(WHEEL)?.equals(content)).toBe(true);
    expect([...server.tokens]).toEqual([`Bearer ${TOKEN}`]);
  });

  test("takes the wheels and sdists of a directory, each once, and nothing below it", async () => {
    mkdirSync(join(folder, "wheelhouse", "old"), { recursive: true });
    mkdirSync(join(folder, "wheelhouse", "folder.whl"));
    for (const name of [WHEEL, SDIST, "notes.txt", "demo-1.0.zip", "old/demo-0.9.tar.gz"])
      file(`wheelhouse/${name}`, 10);
    const { code, output } = await upload(["wheelhouse", `wheelhouse/${WHEEL}`]);
    expect([code, [...server.published.keys()].toSorted()]).toEqual([0, [WHEEL, SDIST]]);
    expect(output).toContain("2 files: 2 published");
  });

  test("sends nothing of what is there already", async () => {
    server.published.set(WHEEL, file(WHEEL, 2_500));
    const { code, output } = await upload([WHEEL]);
    expect(output).toMatch(
      /^demo-1\.0-py3-none-any\.whl: already there\n1 file: 0 published, 1 already there, 0 failed; 0 B sent/,
    );
    expect([code, server.requests]).toEqual([0, ["POST /"]]);
  });

  test("names a file that is refused, in the server's words, goes on with the others, and ends with 1", async () => {
    file(WHEEL, 10);
    server.published.set(WHEEL, Buffer.from("other"));
    file(SDIST, 10);
    const { code, output } = await upload([WHEEL, SDIST]);
    expect([code, output]).toEqual([1, expect.stringContaining(`${WHEEL}: File already exists: ${WHEEL}.\n`)]);
    expect(output).toContain(`${SDIST}: published`);
    expect(output).toContain("2 files: 1 published, 0 already there, 1 failed; 10 B sent");
  });

  test("goes on where an earlier run was cut, and sends no part twice", async () => {
    const content = file(WHEEL, 3_500);
    server.fail("PUT /3", { status: 400, text: "Enough.\n" });
    expect((await upload([WHEEL])).code).toBe(1);
    server.requests.length = 0;
    const { code, output } = await upload([WHEEL]);
    expect([code, server.requests]).toEqual([0, ["POST /", "PUT /3", "PUT /4", "POST /finish"]]);
    expect(output).toContain("1.5 kB sent");
    expect(server.published.get(WHEEL)?.equals(content)).toBe(true);
  });

  test("is stopped by Ctrl-C, says that it can go on, and does", async () => {
    const content = file(WHEEL, 2_500);
    server.fail("PUT /2", "hang");
    const options = [CLI, "upload", WHEEL, "--url", url, "--token", TOKEN, "--index", "team"];
    const child = spawn(process.execPath, options, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    const said = text(child.stderr);
    await expect.poll(() => server.requests, { timeout: 30_000 }).toContain("PUT /2");
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([130, null]);
    expect(await said).toBe("Stopped. Run the command again: parts that have arrived are not sent again.\n");
    server.requests.length = 0;
    expect((await upload([WHEEL])).code).toBe(0);
    expect(server.requests).toEqual(["POST /", "PUT /2", "PUT /3", "POST /finish"]);
    expect(server.published.get(WHEEL)?.equals(content)).toBe(true);
  });

  test("ends at once where the token is no good, whatever files are left", async () => {
    file(WHEEL, 10);
    file(SDIST, 10);
    server.fail("POST /", { status: 401, text: "This token is not known here.\n" });
    const { code, output } = await upload([WHEEL, SDIST]);
    expect([code, output, server.requests]).toEqual([4, "This token is not known here.\n", ["POST /"]]);
  });

  test("ends at once where the token is not for the index, or there is no such index", async () => {
    file(WHEEL, 10);
    file(SDIST, 10);
    const said = "The token may not upload team.\n";
    server.fail("POST /", { status: 403, text: said }, { status: 403, text: said });
    const { code, output } = await upload([WHEEL, SDIST]);
    expect([code, output, server.requests]).toEqual([4, said, ["POST /", "POST /"]]);
    server.requests.length = 0;
    server.fail("POST /", { status: 404, text: "There is no index.\n" });
    expect(await upload([WHEEL, SDIST])).toMatchObject({ code: 1, output: "There is no index.\n" });
    expect(server.requests).toEqual(["POST /"]);
  });

  test("goes on with other projects where the token is for these alone", async () => {
    file(WHEEL, 10);
    file(SDIST, 10);
    server.fail("POST /", { status: 403, text: "The token may not upload demo in team.\n" });
    const { code, output } = await upload([WHEEL, SDIST]);
    expect(output).toContain(`${WHEEL}: The token may not upload demo in team.\n${SDIST}: published`);
    expect(code).toBe(1);
  });

  test.each([
    [["nope.whl"], 1, "nope.whl: there is no such file."],
    [["."], 1, ".: there is no wheel (*.whl) and no sdist (*.tar.gz) in this directory."],
    [[], 2, "missing required argument 'files'"],
    [[WHEEL, "--indx", "team"], 2, "Did you mean --index?"],
  ])("with %j ends with %i, says what is wrong, and sends nothing", async (args, ending, sentence) => {
    const { code, output } = await upload(args);
    expect([code, output]).toEqual([ending, expect.stringContaining(sentence)]);
    expect(server.requests).toEqual([]);
  });

  test("wants an index, and shows what there is to say", async () => {
    const { code, output } = await pypiEdge(["upload", WHEEL, "--token", TOKEN], folder);
    expect([code, output]).toEqual([2, expect.stringContaining("required option '--index <name>' not specified")]);
    expect(await upload(["--help"])).toMatchObject({ code: 0, output: expect.stringContaining("<files...>") });
  });

  test("prints a line of JSON for each file with --json", async () => {
    file(WHEEL, 10);
    const { code, stdout } = await upload([WHEEL, "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([0, { filename: WHEEL, outcome: "published", size: 10, sent: 10 }]);
  });
});

describe("a file that is sent", () => {
  const waits: number[] = [];
  beforeEach(() => void (waits.length = 0));

  /** Sends it without waiting, as the command does. */
  function sending(shown: string[] = []) {
    const path = join(folder, WHEEL);
    return sendUpload(
      { path, filename: WHEEL, size: 2_500 },
      {
        api: uploadApi({ url: new URL(`${url}/`), token: TOKEN }),
        index: "team",
        show: (doing, done, of) => void shown.push(`${doing} ${done}/${of}`),
        sleep: async (milliseconds) => void waits.push(milliseconds),
      },
    );
  }

  test.each([
    ["the connection breaks", "cut"],
    ["the server cannot", { status: 503, text: "The storage cannot be used.\n" }],
    ["the upload is not there any more", { status: 404, text: "There is no such upload of yours.\n" }],
  ] as const)("is sent again from where it was when %s", async (_what, fault) => {
    const content = file(WHEEL, 2_500);
    server.fail("PUT /2", fault, fault, fault);
    server.fail("POST /finish", fault);
    expect(await sending()).toEqual({ kind: "published", sent: 2_500 });
    expect(waits).toEqual([1_000, 2_000, 4_000, 1_000]);
    expect(server.requests.filter((request) => request === "PUT /1")).toHaveLength(1);
    expect(server.published.get(WHEEL)?.equals(content)).toBe(true);
  });

  test("is given up after three more tries, with the reason", async () => {
    file(WHEEL, 2_500);
    server.fail("PUT /2", "cut", "cut", "cut", "cut");
    await expect(sending()).rejects.toThrow(/does not answer/);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  test("begins anew where the server has forgotten it", async () => {
    const content = file(WHEEL, 2_500);
    server.fail("PUT /3", { status: 404, text: "There is no such upload of yours.\n" });
    expect((await sending()).kind).toBe("published");
    expect(server.published.get(WHEEL)?.equals(content)).toBe(true);
  });

  test("was published by this run although the answer was lost", async () => {
    const content = file(WHEEL, 2_500);
    server.fail("POST /finish", "cut");
    const published = sending();
    await expect.poll(() => waits.length).toBe(1);
    server.published.set(WHEEL, content);
    expect((await published).kind).toBe("published");
  });

  test.each([
    ["of which the server will know nothing", 403, "text/plain", RefusedUpload],
    ["for which the token is no good", 401, "text/plain", CommandError],
    ["that meets another server", 404, "text/html", CommandError],
    ["that is led elsewhere", 302, "text/html", CommandError],
    ["that meets a proxy which cannot", 502, "text/html", RetryableFailure],
  ])("%s is not sent", async (_what, status, type, kind) => {
    file(WHEEL, 2_500);
    const fault = { status, text: "no", type };
    server.fail("POST /", ...(kind === RetryableFailure ? [fault, fault, fault, fault] : [fault]));
    await expect(sending()).rejects.toThrow(kind);
    expect(server.requests).not.toContain("PUT /1");
  });

  test("is broken off where nothing answers", async () => {
    file(WHEEL, 2_500);
    url = `http://127.0.0.1:${await freePort()}`;
    await expect(sending()).rejects.toThrow(/does not answer \(ECONNREFUSED\)/);
  });

  test("shows how long the server has been checking it, and no more when that is over", async () => {
    file(WHEEL, 2_500);
    server.fail("POST /finish", "hang");
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const shown: string[] = [];
      const published = sending(shown);
      await expect.poll(() => server.requests).toContain("POST /finish");
      vi.advanceTimersByTime(2_000);
      expect(shown.slice(-3)).toEqual([0, 1, 2].map((seconds) => `being checked (${seconds} s): 2500/2500`));
      server.breakOff();
      await published;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("shows how much of it has been read, sent and checked, with what came before", async () => {
    file(WHEEL, 2_500);
    server.fail("PUT /2", { status: 400, text: "Enough.\n" });
    await sending().catch(() => undefined);
    const shown: string[] = [];
    await sending(shown);
    expect(shown).toEqual(["reading 2500/2500", "sent 2000/2500", "sent 2500/2500", "being checked (0 s): 2500/2500"]);
  });
});

test("numbers of bytes are shown as people write them", () => {
  const counts = [0, 999, 1_000, 32 * 1024 ** 2, 5_363_466_240];
  expect(counts.map(sizeText)).toEqual(["0 B", "999 B", "1.0 kB", "33.6 MB", "5.4 GB"]);
});
