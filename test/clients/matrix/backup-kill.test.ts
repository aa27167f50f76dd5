import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { openMachine } from "../../../server/machine.ts";
import { CLI, pypiEdge } from "../../support/node/command.ts";

const FILES = 100;
// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);

const PATIENCE = 900_000;

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));
const within = (name: string) => join(folder, name);

const openAt = (state: string) =>
  openMachine({ state: within(state), migrations: MIGRATIONS, consumers: [], log: () => undefined });

type Opened = Awaited<ReturnType<typeof openAt>>;

async function upload({ platform }: Opened, name: string): Promise<void> {
  const bytes = randomBytes(20_000);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const object = `hosted/${digest}/0123456789abcdef`;
  await platform.objects.put(object, bytes, { sha256: digest });
  await platform.database
    .prepare(
      `INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, uploaded_at)
       VALUES ('team', 'acme', ?1, ?1, '1', ?2, 20000, ?3, 1)`,
    )
    .bind(name, digest, object)
    .run();
}

/** Runs a command and kills it after a time; whether it was running then. */
async function isKilledAfter(milliseconds: number, words: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [CLI, ...words], { cwd: folder, stdio: "ignore" });
  const ended = once(child, "exit");
  await Promise.race([ended, sleep(milliseconds)]);
  child.kill("SIGKILL");
  const [code] = (await ended) as [number | null];
  return code === null;
}

/**
 * Runs a command again and again, and kills it each time at a random moment, until it was killed KILLS times.
 *
 * @param longest how long the command takes that is not killed, at most; milliseconds
 */
async function killedAtRandom(
  longest: number,
  words: (at: number) => readonly string[],
  { before, after }: { readonly before?: (at: number) => unknown; readonly after: (at: number) => unknown },
): Promise<void> {
  let killed = 0;
  for (let at = 0; killed < KILLS; at++) {
    // One that came to its end before shows that it takes less.
    if (at > 10 * KILLS) throw new Error(`of ${at} commands ${killed} were killed before they had ended`);
    await before?.(at);
    if (await isKilledAfter(Math.random() * longest, words(at))) killed += 1;
    else longest *= 0.9;
    await after(at);
  }
}

/** How long a command takes that is not killed. Milliseconds. */
async function timeOf(words: readonly string[]): Promise<number> {
  const begun = performance.now();
  expect(await pypiEdge(words, folder)).toMatchObject({ code: 0 });
  return performance.now() - begun;
}

interface Report {
  readonly hosted: number;
  readonly findings: readonly unknown[];
  readonly repaired?: readonly unknown[];
}

async function reportOf(...words: string[]): Promise<Report> {
  const { code, output, stdout } = await pypiEdge([...words, "--json"], folder);
  expect([code, output]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout) as Report;
}

/** 50 uploads a second, as a server's, as long as more are allowed, until it is ended; that returns how many files there are then. */
function startWriting(server: Opened) {
  const state = { written: FILES, allowed: FILES, isEnded: false };
  const writing = (async () => {
    while (!state.isEnded) {
      await sleep(20);
      if (state.written >= state.allowed) continue;
      await upload(server, `acme-${state.written}.tar.gz`);
      state.written += 1;
    }
  })();
  return {
    written: () => state.written,
    allow: (more: number) => (state.allowed += more),
    async end(): Promise<number> {
      state.isEnded = true;
      await writing;
      return state.written;
    },
  };
}

let uploaded = 0;

test(
  "a backup that is killed at a random moment is done by the same command, while the server takes uploads",
  async () => {
    const server = await openAt("state");
    for (let at = 0; at < FILES; at++) await upload(server, `acme-${at}.tar.gz`);
    const writing = startWriting(server);
    const whole = await timeOf(["backup", "whole.tar", "--state", "state"]);
    const target = (at: number) => (at % 2 === 0 ? `b${at}.tar` : `b${at}`);
    const words = (at: number) => ["backup", target(at), "--state", "state"];
    let before = 0;
    await killedAtRandom(whole, words, {
      before: () => {
        before = writing.written();
        writing.allow(FILES / 10);
      },
      after: async (at) => {
        // One that had come to its end says so.
        const again = await pypiEdge(words(at), folder);
        expect(again.code === 0 || again.output.includes("is a backup already")).toBe(true);
        const report = await reportOf("restore", target(at), "--state", "restored");
        expect(report.findings).toEqual([]);
        expect(report.hosted).toBeGreaterThanOrEqual(before);
        for (const each of ["restored", target(at)]) rmSync(within(each), { recursive: true });
      },
    });
    uploaded = await writing.end();
    await server.close();
  },
  PATIENCE,
);

test(
  "a restore that is killed at a random moment is done by the same command, and no upload is missing",
  async () => {
    await reportOf("backup", "last", "--state", "state");
    const words = ["restore", "last", "--state", "made"];
    const whole = await timeOf(words);
    await killedAtRandom(whole, () => words, {
      before: () => rmSync(within("made"), { recursive: true, force: true }),
      after: async () => {
        const { code, output } = await pypiEdge(words, folder);
        // It was killed while it read again what it had restored.
        expect(code === 0 || output.includes("made is not empty")).toBe(true);
        expect(await reportOf("verify", "--state", "made")).toMatchObject({ hosted: uploaded, findings: [] });
      },
    });
  },
  PATIENCE,
);

test(
  "a repair that is killed at a random moment is done by the same command, and no upload is missing",
  async () => {
    const damage = async (name: string) => {
      const machine = await openAt("made");
      const digest = createHash("sha256").update("right").digest("hex");
      for (let at = 0; at < FILES; at++)
        await machine.platform.objects.put(`file/s/h/${name}${at}.whl`, "wrong", {
          customMetadata: { digest: `sha256=${digest}` },
        });
      await machine.close();
    };
    const words = ["verify", "--repair", "--state", "made"];
    await damage("f");
    const whole = await timeOf(words);
    await killedAtRandom(whole, () => words, { before: (at) => damage(`f${at}-`), after: () => undefined });
    await damage("last");
    const { repaired, ...report } = await reportOf(...words);
    expect(report).toMatchObject({ hosted: uploaded, findings: [] });
    expect(repaired?.length).toBeGreaterThanOrEqual(FILES);
  },
  PATIENCE,
);
