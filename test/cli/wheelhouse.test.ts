import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
beforeAll(() => api.start());
afterAll(() => api.stop());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-wheelhouse-"));
  writeFileSync(join(folder, "uv.lock"), "version = 1\n");
  api.sent.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const wheelhouse = (...args: string[]) =>
  pypiEdge(["wheelhouse", "uv.lock", "-o", "out.tar", ...args, "--url", api.url, "--token", "t"], folder);

describe("pypi-edge wheelhouse", () => {
  test("sends the lock and writes the tar, whole", async () => {
    api.answer = { status: 200, type: "application/x-tar", parts: ["a tar", " of files"] };
    expect(await wheelhouse("--python", "3.12", "--index", "team")).toMatchObject({
      code: 0,
      output: "out.tar: 14 B.\n",
    });
    expect(api.sent).toMatchObject([
      { method: "POST", url: "/-/api/wheelhouse?filename=uv.lock&index=team&python=3.12", body: "version = 1\n" },
    ]);
    expect(readFileSync(join(folder, "out.tar"), "utf8")).toBe("a tar of files");
  });

  test("names what is not in the tar", async () => {
    const headers = { "X-Elsewhere": "app, corp (https://pkgs.corp.example/simple)", "X-Unfit": "pywin32" };
    api.answer = { status: 200, type: "application/x-tar", parts: ["a tar"], headers };
    expect(await wheelhouse()).toMatchObject({
      code: 0,
      output:
        "From another index or none, so left out: app, corp (https://pkgs.corp.example/simple).\nNo file of these packages fits: pywin32.\nout.tar: 5 B.\n",
    });
  });

  test("writes nothing where the transfer breaks off, and keeps the file that was there", async () => {
    writeFileSync(join(folder, "out.tar"), "an older one");
    api.answer = { status: 200, type: "application/x-tar", parts: ["a tar"], cut: true };
    const { code, output } = await wheelhouse();
    expect([code, output]).toEqual([1, expect.stringMatching(/^The transfer broke off .*Run the command again/)]);
    expect(readFileSync(join(folder, "out.tar"), "utf8")).toBe("an older one");
    expect(readdirSync(folder).toSorted()).toEqual(["out.tar", "uv.lock"]);
  });

  test("shows the server's sentence where it refuses, and writes nothing", async () => {
    api.answer = { status: 422, type: "text/plain; charset=utf-8", parts: ["uv.lock line 3: no.\n"] };
    expect(await wheelhouse()).toMatchObject({ code: 1, output: "uv.lock line 3: no.\n" });
    expect(existsSync(join(folder, "out.tar"))).toBe(false);
  });

  test("shows the sentence of a policy, which every client gets in JSON", async () => {
    const problem = { type: "about:blank", title: "Refused", status: 451, detail: "bread is refused: it is denied." };
    api.answer = { status: 451, type: "application/problem+json", parts: [JSON.stringify(problem)] };
    expect(await wheelhouse()).toMatchObject({ code: 1, output: "bread is refused: it is denied.\n" });
    api.answer = { status: 451, type: "application/problem+json", parts: ["{"] };
    expect(await wheelhouse()).toMatchObject({ code: 1, output: expect.stringContaining("answered 451. Is that") });
  });

  test("replaces no folder, and no pipe or device, and asks for nothing then", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const { code, output } = await wheelhouse("-o", ".");
    expect([code, output]).toEqual([1, ". cannot be written: a directory, not a file.\n"]);
    const piped = await wheelhouse("-o", "pipe");
    expect([piped.code, piped.output]).toEqual([
      1,
      "pipe cannot be written: it is no file, and is not replaced by one.\n",
    ]);
    expect([api.sent, readdirSync(folder).toSorted()]).toEqual([[], ["pipe", "uv.lock"]]);
  });

  test("says why the tar cannot be written", async () => {
    api.answer = { status: 200, type: "application/x-tar", parts: ["a tar"] };
    const { code, output } = await wheelhouse("-o", "missing/out.tar");
    expect([code, output]).toEqual([1, "missing/out.tar cannot be written: its folder does not exist.\n"]);
  });
});
