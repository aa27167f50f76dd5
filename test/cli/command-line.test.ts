import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../cli/demo/process.ts";
import { program } from "../../cli/program.ts";
import { CLI, pypiEdge } from "../support/node/command.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pypi-edge-line-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["serve --state ", "--state: its value is empty. Give it a value, or leave the option out."],
  ["serve --host ", "--host: its value is empty. Give it a value, or leave the option out."],
  ["serve --config ", "--config: its value is empty. Give it a value, or leave the option out."],
  ["token create --index team --scope ", "--scope: its value is empty. Give it a value, or leave the option out."],
  ["token list --url ", "--url: its value is empty. Give it a value, or leave the option out."],
  ["init ", "The argument folder is empty. Give it a value."],
  ["upload --index team ", "The argument files is empty. Give it a value."],
])("%j, with a value that is empty, does nothing", async (line, sentence) => {
  const { code, output } = await pypiEdge(line.split(" "), folder);
  expect([code, output]).toEqual([2, `${sentence}\n`]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  "token create --index team --scope read --expires 30",
  "exempt add demo==1.0 --reason x --expires 30",
  "policy deny demo --reason x --expires 30",
])("%j lacks a unit", async (line) => {
  const { code, output } = await pypiEdge(line.split(" "), folder);
  expect([code, output]).toEqual([
    2,
    expect.stringContaining("--expires 30: its unit is missing, as in 30d for days;"),
  ]);
});

test("no help shows an empty text as a default", () => {
  const helpOf = (asked: CommandUnknownOpts): string[] => [asked.helpInformation(), ...asked.commands.flatMap(helpOf)];
  const all = helpOf(program("0.0.0"));
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter((each) => each.includes('(default: "")'))).toEqual([]);
});

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
