import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { run } from "../support/kept.ts";
import { at, call } from "../support/releases.ts";
import { OPEN_INDEXES } from "../support/open-indexes.ts";
import { Rig } from "../support/rig.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { upload, wheelOf, type Upload } from "../support/upload.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

let rig: Rig;
beforeEach(() => {
  rig = new Rig({
    INDEXES: OPEN_INDEXES,
    TRUSTED_ROOT: JSON.stringify(sigstore.root),
  });
  // R2 dates what is put by its own clock.
  rig.now = Date.now();
});

async function publish(file: Upload, index: string, isAttested = true): Promise<void> {
  const { filename, bytes } = file;
  const attested = { filename, sha256: sha256(bytes), at: rig.now, ...onGitHub("acme/demo") };
  const fields = isAttested ? { attestations: JSON.stringify([await sigstore.attest(attested)]) } : {};
  const { status, text } = await upload(rig, file, { to: `/${index}/legacy/`, fields });
  expect(status, text).toBe(200);
}

const remove = (index: string, version = "1.0") => call(rig, "DELETE", at(index, "demo", version));
const promote = (to: string) => call(rig, "POST", at("team", "demo", "1.0", "promote"), { to });

/** Of which files an index has provenance. */
async function keptOf(index: string, ...files: readonly Upload[]): Promise<boolean[]> {
  const read = env.DB.prepare("SELECT sha256 FROM hosted_provenance WHERE index_name = ?1").bind(index);
  const { results } = await read.all<{ sha256: string }>();
  const known = new Set(results.map((row) => row.sha256));
  return files.map(({ bytes }) => known.has(sha256(bytes)));
}

async function empty(): Promise<void> {
  rig.wait(31 * DAY);
  await run(rig, "clean");
}

test.each(["team", "scratch"])("provenance of a file in %s goes when the trash is emptied", async (index) => {
  const [gone, stays] = [await wheelOf(), await wheelOf("demo", "1.1")];
  await publish(gone, index);
  await publish(stays, index);
  await remove(index);
  await run(rig, "clean");
  expect(await keptOf(index, gone, stays)).toEqual([true, true]);
  await empty();
  expect(await keptOf(index, gone, stays)).toEqual([false, true]);
});

test("an index that a file was promoted to keeps its own, in its trash and on its page", async () => {
  const file = await wheelOf();
  await publish(file, "team");
  await promote("prod");
  await remove("team");
  await empty();
  expect([await keptOf("team", file), await keptOf("prod", file)]).toEqual([[false], [true]]);
  await remove("prod");
  rig.wait(DAY);
  await run(rig, "clean");
  expect(await keptOf("prod", file)).toEqual([true]);
  await empty();
  expect(await keptOf("prod", file)).toEqual([false]);
});

test("it goes with a file that another one replaces, and another index's stays", async () => {
  const [first, second, third] = [
    await wheelOf(),
    await wheelOf("demo", "1.0", "b = 1"),
    await wheelOf("demo", "1.0", "c = 1"),
  ];
  await publish(first, "scratch");
  await publish(first, "team");
  await publish(second, "scratch");
  expect(await keptOf("scratch", first, second)).toEqual([false, true]);
  await publish(third, "scratch", false);
  expect(await keptOf("scratch", first, second, third)).toEqual([false, false, false]);
  expect(await keptOf("team", first)).toEqual([true]);
});

test("a file that takes its own place, out of the trash, keeps it", async () => {
  const file = await wheelOf();
  await publish(file, "scratch");
  await remove("scratch");
  await publish(file, "scratch", false);
  expect(await keptOf("scratch", file)).toEqual([true]);
  const { status } = await rig.get(`/scratch/integrity/demo/1.0/${file.filename}/provenance`);
  expect(status).toBe(200);
});
