import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { mirrored, spoil, stored, wheel } from "../support/mirrored.ts";
import { filePath, Rig } from "../support/rig.ts";
import { keyOf, known } from "../support/swept.ts";

const FIVE = "*/5 * * * *";
const ONE = "demo-1.0-py3-none-any.whl";
const OTHER = "other-1.0-py3-none-any.whl";

/** The SHA-256 of "an upload". */
const UPLOAD = "a hosted file";

async function hosted(bytes: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(UPLOAD))).toHex();
  const key = `hosted/${digest}/0123456789abcdef`;
  await env.FILES.put(key, bytes);
  return key;
}

/** A mirrored project, and one that a client asked for. */
async function filled(scrub?: number) {
  const rig = new Rig(scrub === undefined ? {} : { SCRUB: scrub });
  await rig.upstream.publish("demo", [wheel("demo")]);
  await rig.upstream.publish("other", [wheel("other")]);
  await mirrored(rig, "demo");
  await rig.get(filePath(OTHER));
  rig.forget();
  return rig;
}

const deepHealth = async (rig: Rig) => JSON.parse((await rig.get("/-/health?deep")).text()) as Record<string, unknown>;

test("reads so many objects an hour, from where it was, and tells when it last read all of them, and what it found", async () => {
  const rig = await filled(24);
  await hosted(UPLOAD);
  expect(await deepHealth(rig)).toEqual({ status: "ok" });
  rig.wait(60_000);
  await rig.tick(FIVE);
  expect(await deepHealth(rig)).toMatchObject({ scrub: { lastRound: null, objectsThisRound: 2 } });
  rig.wait(60_000);
  await rig.tick(FIVE);
  const lastRound = {
    began: "2026-11-22T12:01:00.000Z",
    ended: "2026-11-22T12:02:00.000Z",
    objects: 4,
    damaged: 0,
    damagedHosted: 0,
  };
  expect(await deepHealth(rig)).toEqual({ status: "ok", scrub: { lastRound, objectsThisRound: 0 } });
  // file/ twice, metadata/, hosted/.
  expect(rig.counts["r2.get"]).toBe(4);
});

test("damaged mirrored files are deleted, and fetched again; lost ones lose their rows; hosted ones stay and are told", async () => {
  const rig = await filled();
  const upload = await hosted("a hosted fire");
  await spoil(keyOf(ONE));
  await spoil(keyOf(OTHER), (bytes) => bytes.slice(1));
  await rig.post("jobs/scrub");
  const left = await stored();
  expect([left.includes(ONE), left.includes(OTHER), (await known()).map(({ project }) => project)]).toEqual([
    false,
    false,
    ["demo"],
  ]);
  expect(await (await env.FILES.get(upload))?.text()).toBe("a hosted fire");
  const { status, damaged, scrub } = await deepHealth(rig);
  expect([status, damaged]).toEqual([
    "degraded",
    expect.stringMatching(/^Of the hosted or carried files 1 has other bytes/),
  ]);
  expect(scrub).toMatchObject({ lastRound: { damaged: 2, damagedHosted: 1 } });
  // The mirror sees what is missing; the other file is fetched when a client asks for it.
  await rig.tick("* * * * *");
  await rig.deliverMirrors();
  expect(await stored()).toContain(ONE);
  expect((await rig.get(filePath(OTHER))).status).toBe(200);
  expect(await stored()).toContain(OTHER);
});

test("a store that fails is no damage", async () => {
  const rig = await filled();
  for (const call of [1, 2]) {
    rig.breakOnce("r2.get", call);
    const { text } = await rig.post("jobs/scrub");
    expect(text()).toContain('"damaged":0,"damagedHosted":0');
  }
  expect(await stored()).toContain(ONE);
});

test("costs nothing where it is off, as on Cloudflare it is, and has no dry run", async () => {
  const rig = await filled();
  await rig.tick(FIVE);
  expect(rig.counts["r2.list"]).toBeUndefined();
  expect((await rig.post("jobs/scrub?dry-run")).status).toBe(400);
});
