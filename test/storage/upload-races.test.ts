import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { audited, isWhole, revisionOf, rows, stored, teamRig, upload, wheelOf } from "../support/upload.ts";

/** The database, with something that happens where a transaction begins. */
const meeting = (around: (transact: () => Promise<unknown>) => Promise<unknown>): D1Database =>
  new Proxy(env.DB, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const work = () => Reflect.apply(value, target, args) as Promise<unknown>;
        return property === "batch" ? around(work) : work();
      };
    },
  });

/** Lets two transactions begin only when both have come to it: each has found nothing there. */
function pair(): D1Database {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return meeting(async (transact) => {
    if (++waiting === 2) resolve();
    await promise;
    return transact();
  });
}

test("of two uploads of one file at once, one publishes it and the other finds it there", async () => {
  const DB = pair();
  const wheel = await wheelOf();
  const answers = await Promise.all([
    upload(teamRig({ database: DB }), wheel),
    upload(teamRig({ database: DB }), wheel),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(new Set(answers.map(({ text }) => text.split(" ")[0]))).toEqual(new Set(["Published", wheel.filename]));
  const [row, ...others] = await rows();
  expect(others).toEqual([]);
  expect(row && (await isWhole(row))).toBe(true);
  expect([await revisionOf("demo"), (await audited()).length]).toEqual([1, 1]);
});

test("of two uploads of other bytes under one name at once, one wins and the other is told", async () => {
  const DB = pair();
  const answers = await Promise.all([
    upload(teamRig({ database: DB }), await wheelOf("demo", "1.0", "one = 1")),
    upload(teamRig({ database: DB }), await wheelOf("demo", "1.0", "two = 2")),
  ]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
  expect(answers.find(({ status }) => status === 409)?.text).toMatch(/^File already exists/);
  const [row, ...others] = await rows();
  expect(others).toEqual([]);
  expect(row && (await isWhole(row))).toBe(true);
  expect([await revisionOf("demo"), (await audited()).length]).toEqual([1, 1]);
});

test("a project that is archived while a file of it is on its way does not get it", async () => {
  await upload(teamRig(), await wheelOf());
  const DB = meeting(async (transact) => {
    await env.DB.prepare("UPDATE hosted_project SET status = 'archived'").run();
    return transact();
  });
  const answer = await upload(teamRig({ database: DB }), await wheelOf("demo", "2.0"));
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("demo is archived in team")]);
  expect(await rows()).toHaveLength(1);
  expect([await revisionOf("demo"), (await audited()).length]).toEqual([1, 1]);
});

test("a transaction whose answer is lost was a transaction: the upload says that it is published", async () => {
  const DB = meeting(async (transact) => {
    await transact();
    throw new Error("the connection broke");
  });
  const answer = await upload(teamRig({ database: DB }), await wheelOf());
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("Published")]);
});

test.each([
  ["d1.prepare", 1],
  ["d1.batch", 1],
  ["r2.put", 1],
  ["r2.put", 2],
])("a store that fails (%s, call %i) is a 503, and the same upload succeeds then", async (operation, call) => {
  const rig = teamRig();
  const wheel = await wheelOf();
  rig.breakOnce(operation, call);
  const answer = await upload(rig, wheel);
  expect(answer.status).toBe(503);
  expect(answer.text).toContain("whole or not at all. Upload it again");
  expect(await rows()).toEqual([]);
  expect((await upload(rig, wheel)).text).toContain("Published");
});

test("a store that fails while an upload is staged is a 503, and leaves nothing", async () => {
  const rig = teamRig();
  const wheel = await wheelOf("demo", "1.0", "", 9_000_000);
  rig.breakOnce("r2.createMultipartUpload");
  expect((await upload(rig, wheel)).status).toBe(503);
  expect([await rows(), await stored()]).toEqual([[], []]);
  rig.breakOnce("r2.get");
  expect((await upload(rig, wheel)).status).toBe(503);
  expect([await rows(), await stored()]).toEqual([[], []]);
  expect((await upload(rig, wheel)).status).toBe(200);
});
