import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pypiEdge } from "../support/node/command.ts";

const OURS = "-i http://127.0.0.1:8787/simple\n";
const THEIRS = "-i https://pypi.org/simple\n";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text);
const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** Runs the command where the files are. */
const lock = (...args: string[]) => pypiEdge(["lock", ...args], folder);

test("maps several files, one line each, and back", async () => {
  write("a.txt", OURS);
  write("b.txt", "six\n");
  const there = await lock("canonical", "a.txt", "b.txt");
  expect(there).toMatchObject({
    code: 0,
    output:
      "a.txt: 1 URL mapped to those of https://pypi.org/simple.\nb.txt: no URL of pypi-edge's is in it; unchanged.\n",
  });
  expect(read("a.txt")).toBe(THEIRS);
  const back = await lock("local", "http://127.0.0.1:8787/simple/", "a.txt");
  expect(back).toMatchObject({ code: 0, output: "a.txt: 1 URL mapped to those of http://127.0.0.1:8787.\n" });
  expect(read("a.txt")).toBe(OURS);
});

test("keeps a file's mode and a symbolic link, and leaves nothing beside it", async () => {
  write("real.txt", OURS);
  chmodSync(join(folder, "real.txt"), 0o664);
  symlinkSync("real.txt", join(folder, "link.txt"));
  expect(await lock("canonical", "link.txt")).toMatchObject({ code: 0 });
  expect(read("real.txt")).toBe(THEIRS);
  expect(statSync(join(folder, "real.txt")).mode & 0o777).toBe(0o664);
  expect(lstatSync(join(folder, "link.txt")).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).toSorted()).toEqual(["link.txt", "real.txt"]);
});

test("does not write a file in which nothing changes", async () => {
  write("a.txt", THEIRS);
  const before = statSync(join(folder, "a.txt"));
  expect(await lock("canonical", "a.txt")).toMatchObject({ code: 0 });
  const after = statSync(join(folder, "a.txt"));
  expect([after.mtimeMs, after.ino]).toEqual([before.mtimeMs, before.ino]);
});

test("changes no file when one is refused, and says of each why", async () => {
  write("a.txt", OURS);
  write("latin.txt", new Uint8Array([0x23, 0xe9, 0x0a]));
  write("Cargo.lock", "");
  write("pylock.toml", '[[packages]]\nurl = "http://127.0.0.1:8787/files/-/00/x-1.0.zip"\n');
  mkdirSync(join(folder, "dir.txt"));
  const { code, output } = await lock(
    "canonical",
    "a.txt",
    "latin.txt",
    "Cargo.lock",
    "pylock.toml",
    "dir.txt",
    "no.txt",
  );
  expect(code).toBe(1);
  expect(output.split("\n")).toEqual([
    "latin.txt is not UTF-8 text: byte 0xE9 at line 1 is invalid. Save it as UTF-8, and try again.",
    expect.stringMatching(/^"Cargo\.lock" is not a lock file's name: it must be uv\.lock, .*\.$/),
    expect.stringMatching(/^pylock\.toml: \S+ cannot be mapped: it is pypi-edge's own file/),
    "dir.txt: a directory, not a file.",
    "no.txt: there is no such file.",
    "No file was changed.",
    "",
  ]);
  expect(read("a.txt")).toBe(OURS);
});

test("refuses where an address may be pypi-edge's and that was not said, and says what to give", async () => {
  write("a.txt", "-i http://localhost:8080/simple/\n");
  const { code, output } = await lock("canonical", "a.txt");
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^a\.txt: http:\/\/localhost:8080 may be the address .*--url http:\/\/localhost:8080/),
  ]);
});

test("says so where nothing is at the address that was given, and something at what may be another", async () => {
  write("a.txt", "-i http://localhost:8080/simple/\n");
  const { code, output } = await lock("canonical", "a.txt", "--url", "http://127.0.0.1:9000");
  expect([code, output]).toEqual([
    0,
    "a.txt: no URL of pypi-edge's is in it; unchanged. http://localhost:8080 may be a pypi-edge's address too: if it is, give it with --url.\n",
  ]);
  expect(await lock("canonical", "a.txt", "--url", "http://127.0.0.1:8080")).toMatchObject({ code: 0 });
  expect(read("a.txt")).toBe("-i https://pypi.org/simple/\n");
});

test.each(["simple/six/", "team/legacy/", "-/api/", "files/"])("takes no %s for pypi-edge's address", async (below) => {
  write("a.txt", THEIRS);
  const { code, output } = await lock("local", `http://127.0.0.1:8787/${below}`, "a.txt");
  expect([code, output]).toEqual([2, expect.stringContaining("pypi-edge's address is expected")]);
  expect(read("a.txt")).toBe(THEIRS);
});

test("refuses a text that is none of the file's format", async () => {
  write("uv.lock", "Not signed in.\n");
  expect(await lock("local", "http://127.0.0.1:8787", "uv.lock")).toMatchObject({
    code: 1,
    output: expect.stringContaining("uv.lock is no lock file"),
  });
  write("uv.lock", Buffer.from("version = 1\n", "utf16le"));
  expect(await lock("local", "http://127.0.0.1:8787", "uv.lock")).toMatchObject({
    code: 1,
    output: expect.stringContaining("save it as UTF-8"),
  });
});

test("maps the URLs of several upstreams", async () => {
  const torchLock = (index: string, files: string) =>
    `[[package]]\nname = "torch"\nsource = { registry = "${index}" }\nwheels = [{ url = "${files}/torch-1.0-py3-none-any.whl" }]\n`;
  const theirs = torchLock("https://download.pytorch.org/whl/cpu", "https://download.pytorch.org/whl/cpu");
  write("uv.lock", theirs);
  const upstreams = ["--upstream", "https://pypi.org/simple/", "--upstream", "https://download.pytorch.org/whl/cpu/"];
  expect(await lock("local", "http://127.0.0.1:8787", "uv.lock", ...upstreams)).toMatchObject({ code: 0 });
  expect(read("uv.lock")).toBe(
    torchLock("http://127.0.0.1:8787/simple", "http://127.0.0.1:8787/files/download.pytorch.org/whl/cpu"),
  );
  expect(await lock("canonical", "uv.lock", ...upstreams)).toMatchObject({ code: 0 });
  expect(read("uv.lock")).toBe(theirs);
});

test("prints its use when asked", async () => {
  expect(await lock("canonical", "--help")).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^Usage: pypi-edge lock canonical \[options\] <files\.\.\.>/),
  });
});

test("prints a line of JSON for each file with --json", async () => {
  write("a.txt", OURS);
  const { stdout } = await lock("canonical", "--json", "a.txt");
  expect(JSON.parse(stdout)).toEqual({
    file: "a.txt",
    changed: true,
    summary: "a.txt: 1 URL mapped to those of https://pypi.org/simple.",
  });
});

test.each([
  [["upside-down"], "unknown command 'upside-down'"],
  [["canonical"], "missing required argument 'files'"],
  [["local", "http://127.0.0.1:8787"], "missing required argument 'files'"],
  [["local", "uv.lock", "uv.lock"], "local uv.lock: pypi-edge's address is expected"],
  [["local", "http://me:secret@h/", "a.txt"], "pypi-edge's address is expected"],
  [["local", "http://h/", "--url", "http://h/", "a.txt"], "unknown option '--url'"],
  [["canonical", "--url", "x", "a.txt"], "--url x: pypi-edge's address is expected"],
  [["canonical", "--upstream", "http://pypi.org/simple/", "a.txt"], "plain http is for loopback"],
  [["canonical", "--ulr", "x"], "Did you mean --url?"],
])("%j is refused with a sentence", async (args, sentence) => {
  const { code, output } = await lock(...args);
  expect([code, output]).toEqual([2, expect.stringContaining(sentence)]);
  expect(output).not.toMatch(/^\s+at |secret/m);
});
