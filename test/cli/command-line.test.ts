import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../cli/demo/process.ts";
import { CLI } from "../support/node/command.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pypi-edge-line-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("where the program that reads the output has ended", () => {
  /** Starts a command, and returns it with what it says of errors. */
  const started = (...args: readonly string[]) => {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    return { child, ended: once(child, "exit"), said: text(child.stderr) };
  };

  test("a command ends without a word", async () => {
    const { child, ended, said } = started("--help");
    child.stdout.destroy();
    expect([(await ended)[0], await said]).toEqual([141, ""]);
  });

  test("the server goes on, and ends when it is told to", async () => {
    const port = await freePort();
    const options = ["--port", `${port}`, "--upstream", "http://127.0.0.1:9/simple/", "--no-cron"];
    const { child, ended } = started("serve", ...options);
    for await (const chunk of child.stdout.setEncoding("utf8")) if (`${chunk}`.includes("Ctrl-C")) break;
    expect(child.stdout.destroyed).toBe(true);
    const health = () => fetch(`http://127.0.0.1:${port}/-/health`).then(({ status }) => status);
    // Each of them is a line of the log.
    expect([await health(), await health(), await health()]).toEqual([200, 200, 200]);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
