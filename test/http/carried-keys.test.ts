import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { begin, Exporter, importStep, putMember, type Send } from "../support/carried.ts";
import { carriedWheel, offlineVars, sendTo } from "../support/offline.ts";
import { Rig } from "../support/rig.ts";

/** The API of a server with these keys, over what is stored. */
const withKeys = (keys: Record<string, unknown>): Send => sendTo(new Rig(offlineVars(keys)));

const stepOf = (exporter: Exporter, version: string) =>
  exporter.step({ pages: { demo: [carriedWheel("demo", version)] } });

const saidBy = async (answer: ReturnType<Send>) => {
  const { status, text } = await answer;
  return [status, text().trim()];
};

/** A chain whose first step is imported, and whose key is changed after that. */
async function rotated() {
  const exporter = await Exporter.create();
  const old = exporter.key;
  const first = await stepOf(exporter, "1.0");
  await importStep(withKeys({ key: old }), first);
  const late = await stepOf(exporter, "1.1");
  const lateByOld = late.signature;
  await exporter.changeKey();
  return { exporter, old, first, late, lateByOld, lateByNew: await exporter.sign(late.manifest) };
}

test("a chain goes on with a new key, in the same order, while both count and after the old one is retired", async () => {
  const { exporter, old, first, late, lateByNew } = await rotated();
  const both = withKeys({ key: { "office-2026": old, "office-2027": exporter.key } });
  await importStep(both, late);
  expect(await saidBy(begin(both, first))).toEqual([409, "Step 1 was imported already; the next one is step 3."]);
  const only = withKeys({ key: { "office-2027": exporter.key }, retired: { "office-2026": old } });
  expect(await saidBy(begin(only, { ...late, signature: lateByNew }))).toEqual([
    409,
    "Step 2 was imported already; the next one is step 3.",
  ]);
  expect(await importStep(only, await stepOf(exporter, "1.2"))).toMatchObject({ sequence: 3, open: null });
});

test("a step of a retired key is refused, with the name of the key and of those that count", async () => {
  const { exporter, old, late, lateByNew } = await rotated();
  const send = withKeys({ key: { "office-2027": exporter.key }, retired: { "office-2026": old } });
  expect(await saidBy(begin(send, late))).toEqual([
    422,
    "The manifest is signed by office-2026, a key that the source main has retired. Have it exported anew, signed by a key that counts: office-2027.",
  ]);
  expect(await saidBy(begin(withKeys({ key: exporter.key }), late))).toEqual([
    422,
    `The manifest is not signed by a key of the source main (${exporter.key.slice(0, 16)}): it was changed, or comes from somewhere else.`,
  ]);
  expect((await begin(send, { ...late, signature: lateByNew })).status).toBe(200);
});

test("a step that was begun with a key that is retired meanwhile takes no member, and does not end", async () => {
  const { exporter, old, late, lateByNew } = await rotated();
  await begin(withKeys({ key: old }), late);
  const retired = withKeys({ key: { "office-2027": exporter.key }, retired: { "office-2026": old } });
  const refusal =
    "Step 2 was begun with a manifest that is signed by office-2026, a key that the source main has retired. Have it exported anew, signed by a key that counts: office-2027.";
  expect(await saidBy(putMember(retired, late, 1))).toEqual([409, refusal]);
  expect(await saidBy(retired("/-/api/carried/done", "POST"))).toEqual([409, refusal]);
  const gone = withKeys({ key: { "office-2027": exporter.key } });
  expect(await saidBy(putMember(gone, late, 1))).toEqual([
    409,
    "Step 2 was begun with a manifest whose key is none of the source main (office-2027) now: send the manifest again.",
  ]);
  expect(await importStep(retired, { ...late, signature: lateByNew })).toMatchObject({ sequence: 2, open: null });
});

test("a step that the version before has begun goes on once its manifest is sent again", async () => {
  const { old, late } = await rotated();
  const send = withKeys({ key: { "office-2026": old } });
  await begin(send, late);
  await env.DB.prepare("UPDATE carried_step SET signed_by = NULL").run();
  expect((await putMember(send, late, 1)).status).toBe(409);
  expect(await importStep(send, late)).toMatchObject({ sequence: 2, open: null });
});

test("the audit log has the name of the key that has signed a step", async () => {
  const { exporter, old, late } = await rotated();
  await importStep(withKeys({ key: { "office-2026": old, "office-2027": exporter.key } }), late);
  const { results } = await env.DB.prepare(
    "SELECT details ->> 'key' AS key FROM audit WHERE action = 'carried.begin' ORDER BY id",
  ).all<{ key: string }>();
  expect(results.map(({ key }) => key)).toEqual([old.slice(0, 16), "office-2026"]);
});

test.each([
  [{ retired: "ed25519:x" }, "retired"],
  [{ key: {} }, "key"],
  [{ key: { "Two Words": "K" } }, "key"],
])("%j is no configuration", async (keys, named) => {
  const { key } = await Exporter.create();
  expect(() => new Rig(offlineVars({ key, ...keys }))).toThrow(named);
});

test("a key that counts and is retired is no configuration", async () => {
  const { key } = await Exporter.create();
  expect(() => new Rig(offlineVars({ key: { own: key }, retired: [key] }))).toThrow(
    "UPSTREAMS.main.retired: has own, which is in key as well",
  );
});
