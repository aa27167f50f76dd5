import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { StateWatch } from "../../../server/state-watch.ts";
import { content, storedIn } from "../shared-fills/rig.ts";
import { openDiskRig } from "./rig.ts";

/** `prlimit` changes the limits of a process that runs. */
const canLimitFiles = spawnSync("prlimit", ["--version"]).status === 0;

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-trouble-"));
  opened.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A server on this state directory, with a token that may upload. */
async function authorizedRig(state: string) {
  const rig = await openDiskRig(state);
  opened.push(() => rig.close());
  await rig.authorize();
  return rig;
}

/** Keeps the log to itself, and gives it. */
function silenced(): () => string {
  const spies = (["error", "warn"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => undefined),
  );
  opened.push(() => spies.forEach((spy) => spy.mockRestore()));
  return () => spies.flatMap(({ mock }) => mock.calls.flat()).join("\n");
}

test.each([
  ["ENOENT", /^The state directory is not there any more\./],
  ["EROFS", /is read-only\. .+ stop the server, check the disk, mount it writable, and start/],
  ["EACCES", /may not be written\./],
  ["EMFILE", /^No more files can be opened\. Raise the limit/],
  ["ENOSPC", /is full\. Make room on it: df says/],
  ["EIO", /cannot be written: EIO\.$/],
])("%s is said once, and so is its end", async (code, sentence) => {
  const log: string[] = [];
  let isBroken = true;
  const probe = async () => {
    if (isBroken) throw Object.assign(new Error(code), { code });
  };
  const watch = new StateWatch({ state: newFolder(), log: (line) => log.push(line), probe });
  opened.push(() => watch.close());
  expect([await watch.trouble(), await watch.trouble()]).toEqual(Array(2).fill(expect.stringMatching(sentence)));
  isBroken = false;
  expect([await watch.trouble(), await watch.trouble()]).toEqual([undefined, undefined]);
  expect(log).toEqual([expect.stringMatching(sentence), "The state directory can be used again."]);
});

test("a state directory that has vanished is 503 and never 404, and comes back", async () => {
  const said = silenced();
  const state = join(newFolder(), "state");
  const rig = await authorizedRig(state);
  const { wheel } = await rig.upload("acme");
  const bytes = content(300_000);
  rig.origin.publish(bytes);
  await rig.download();
  await vi.waitFor(() => expect(storedIn(state)).toHaveLength(3), 20_000);
  await rig.download();
  expect(rig.origin.asked).toHaveLength(1);

  renameSync(state, `${state}-away`);
  expect(await rig.hosted("acme")).toBe(503);
  expect((await rig.upload("other")).status).toBe(503);
  expect(await rig.download()).toEqual({ status: 200, bytes });
  const health = JSON.parse((await rig.ask("/-/health")).bytes.toString());
  expect(health).toEqual({ status: "degraded", storage: expect.stringMatching(/^The state directory is not there/) });
  expect(said()).toContain("The state directory is not there any more.");
  expect(said()).not.toContain("Restore this file");

  renameSync(`${state}-away`, state);
  expect(await rig.hosted("acme")).toEqual(wheel);
  expect((await rig.upload("other")).status).toBe(200);
  rig.origin.asked.length = 0;
  expect(await rig.download()).toEqual({ status: 200, bytes });
  expect(rig.origin.asked).toEqual([]);
});

test("a state directory that was replaced by an earlier copy takes no uploads, and its files are not called lost", async () => {
  const said = silenced();
  const state = join(newFolder(), "state");
  const rig = await authorizedRig(state);
  await rig.upload("acme");
  cpSync(state, `${state}-copy`, { recursive: true });
  const { wheel } = await rig.upload("acme-two");

  renameSync(state, `${state}-away`);
  renameSync(`${state}-copy`, state);
  expect((await rig.upload("other")).status).toBe(503);
  expect(await rig.hosted("acme-two")).toBe(503);
  const health = JSON.parse((await rig.ask("/-/health")).bytes.toString());
  expect(health).toEqual({ status: "degraded", storage: expect.stringMatching(/moved, deleted or replaced/) });
  expect(said()).toContain("Bring back what was there, or start the server anew");
  expect(said()).not.toContain("Restore this file");

  renameSync(state, `${state}-copy`);
  renameSync(`${state}-away`, state);
  expect(await rig.hosted("acme-two")).toEqual(wheel);
  expect((await rig.upload("other")).status).toBe(200);
});

test.each(["database", "objects"])("an upload is refused where %s.sqlite alone was replaced", async (name) => {
  const said = silenced();
  const state = join(newFolder(), "state");
  const rig = await authorizedRig(state);
  const file = join(state, `${name}.sqlite`);
  cpSync(file, `${file}-copy`);
  renameSync(`${file}-copy`, file);
  expect((await rig.upload("acme")).status).toBe(503);
  expect(said()).toContain(`${name}.sqlite was moved, deleted or replaced`);
});

test.skipIf(!canLimitFiles)(
  `a server that can open no more files answers 503, never 404 or 500, and goes on once it can${canLimitFiles ? "" : " (not run: there is no prlimit)"}`,
  async () => {
    const said = silenced();
    const rig = await openDiskRig(join(newFolder(), "state"));
    opened.push(() => rig.close());
    await rig.authorize();
    const { wheel } = await rig.upload("acme");
    const bytes = content(300_000);
    rig.origin.publish(bytes);
    await rig.download();
    await rig.upload("unread");
    const whole = { hosted: wheel, mirrored: { status: 200, bytes } };
    const ask = async () => ({ hosted: await rig.hosted("acme"), mirrored: await rig.download() });
    expect(await ask()).toEqual(whole);

    const release = takeAllDescriptors();
    try {
      const { hosted, mirrored } = await ask();
      // A small hosted file that was read before is in memory.
      expect(hosted).toEqual(wheel);
      expect([await rig.hosted("unread"), mirrored.status]).toEqual([503, 503]);
      expect((await rig.upload("other")).status).toBe(503);
      const health = JSON.parse((await rig.ask("/-/health")).bytes.toString());
      expect(health).toEqual({ status: "degraded", storage: expect.stringMatching(/^No more files can be opened/) });
    } finally {
      release();
    }
    expect(said()).toContain("EMFILE");
    expect(await ask()).toEqual(whole);
    expect((await rig.upload("other")).status).toBe(200);
  },
);

/** Opens files until no more can be opened. Connections that are open already go on. */
function takeAllDescriptors(): () => void {
  const limit = (files: string) => execFileSync("prlimit", ["--pid", String(process.pid), `--nofile=${files}:`]);
  const before = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
  limit("200");
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    return () => {
      for (const descriptor of taken) closeSync(descriptor);
      limit(before);
    };
  }
}
