import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Dying, dyingAt } from "../support/dying.ts";
import { arrived, begun, different, fileOf, leftovers, PartsRig, published, SMALL } from "../support/in-parts.ts";

/** Of one part. */
const SHORT = await fileOf(100, SMALL);
const NAME = "demo-1.0.tar.gz";

describe("finishing", () => {
  test("two at once publish once, and the other answer is identical", async () => {
    for (let round = 0; round < 5; round++) {
      const file = await fileOf(100, SMALL, `demo-1.${round}.tar.gz`);
      const { id } = await begun(file, [1]);
      const answers = await Promise.all([new PartsRig().finish(id), new PartsRig().finish(id)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers.filter(({ text }) => text.includes('"identical":true'))).toHaveLength(1);
    }
    expect(await leftovers()).toEqual([]);
    expect(Object.values(await published())).toEqual([true, true, true, true, true]);
  });

  test.each([
    ["before it has looked at the parts", "head"],
    ["before it has read the bytes", "get"],
  ] as const)(
    "while another call publishes it, and takes the bytes away %s, says identical",
    async (_when, operation) => {
      const { id } = await begun(SHORT, [1]);
      let isFirst = true;
      const overtaken = async (call: () => unknown) => {
        // What is not whole yet is said not to be, and has been published a moment later.
        const seen: unknown = operation === "head" ? await call() : undefined;
        isFirst = false;
        expect((await new PartsRig().finish(id)).text).toContain('"identical":false');
        return operation === "head" ? seen : call();
      };
      const objects = new Proxy(env.FILES, {
        get: (target, property) => {
          const method = Reflect.get(target, property) as (...args: unknown[]) => unknown;
          return (...args: unknown[]) => {
            const call = () => Reflect.apply(method, target, args);
            return property === operation && isFirst ? overtaken(call) : call();
          };
        },
      });
      const { status, text } = await new PartsRig({ objects, database: env.DB }).finish(id);
      expect([status, text]).toEqual([200, expect.stringContaining('"identical":true')]);
      expect([await published(), await leftovers()]).toEqual([{ [NAME]: true }, []]);
    },
  );

  test("a second time is 404, and beginning again answers that the file is published", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    await rig.finish(id);
    const { status, text } = await rig.finish(id);
    expect([status, text]).toEqual([
      404,
      expect.stringContaining("Begin it again; the answer says if the file is published"),
    ]);
    expect((await rig.begin(SHORT)).text).toContain('"identical":true');
  });

  test.each(["r2.head", "r2.get", "d1.prepare", "r2.complete"])(
    "while %s fails is 503, and can be done again",
    async (operation) => {
      const { rig, id } = await begun(SHORT, [1]);
      rig.broken.set(operation, 1);
      expect((await rig.finish(id)).status).toBe(503);
      expect(await published()).toEqual({});
      const { status, text } = await rig.finish(id);
      expect([status, text]).toEqual([200, expect.stringContaining('"identical":false')]);
      expect([await published(), await leftovers()]).toEqual([{ [NAME]: true }, []]);
    },
  );

  test("publishes although its parts cannot be deleted; the next request that begins is answered that the file is published", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    rig.broken.set("d1.batch", 1);
    expect((await rig.finish(id)).status).toBe(200);
    expect((await rig.begin(SHORT)).text).toContain('"identical":true');
    expect((await rig.finish(id)).text).toContain('"identical":true');
    expect(await leftovers()).toEqual([]);
  });

  test("of a part that the store knows by another name has all parts sent again", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    await env.DB.prepare("UPDATE upload_part SET etag = 'x'").run();
    const { status, text } = await rig.finish(id);
    expect([status, text]).toEqual([503, expect.stringContaining("send them again")]);
    expect(await arrived(rig, id)).toEqual([]);
    expect(await rig.upload(SHORT)).toMatchObject({ identical: false });
    expect(await published()).toEqual({ [NAME]: true });
  });

  test("of parts that the store has aborted ends the upload, which begins again", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    const multipart = await env.DB.prepare("SELECT multipart FROM upload").first<string>("multipart");
    await env.FILES.resumeMultipartUpload(`staging/${id}`, multipart ?? "").abort();
    expect((await rig.finish(id)).status).toBe(404);
    expect(await leftovers()).toEqual([]);
    expect(await rig.upload(SHORT)).toMatchObject({ identical: false });
  });
});

describe("a part that comes too late", () => {
  test("for an upload that is whole is refused, and it is finished as it was", async () => {
    const { id } = await begun(SHORT, [1]);
    const ending = dyingAt(3, true);
    // The parts have become one, and the isolate ends.
    await new PartsRig(ending.platform).finish(id);
    const rig = new PartsRig();
    const { status, text } = await rig.put(id, 1, different(SHORT));
    expect([status, text]).toEqual([404, expect.stringContaining("takes no more parts")]);
    expect(await arrived(rig, id)).toEqual([1]);
    expect((await rig.finish(id)).status).toBe(200);
    expect(await published()).toEqual({ [NAME]: true });
  });

  test("for an upload that the store has aborted ends it, so that it can begin again", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    const multipart = await env.DB.prepare("SELECT multipart FROM upload").first<string>("multipart");
    await env.FILES.resumeMultipartUpload(`staging/${id}`, multipart ?? "").abort();
    expect((await rig.put(id, 1, SHORT)).status).toBe(404);
    expect(await rig.upload(SHORT)).toMatchObject({ identical: false });
  });
});

describe("an isolate that ends at any operation of a store", () => {
  test("leaves the old state or the new one, and a repeated request succeeds", async () => {
    const ending = new Dying();
    await new PartsRig(ending.platform).upload(await fileOf(100, SMALL, "demo-0.tar.gz"));
    const all = ending.seen;
    expect(all).toBeGreaterThan(12);
    let version = 0;
    let kept = 0;
    for (const done of [false, true]) {
      for (let last = 1; last <= all; last++) {
        const file = await fileOf(100, SMALL, `demo-${++version}.tar.gz`);
        await new PartsRig(dyingAt(last, done).platform).upload(file).catch(() => undefined);
        const before = (await published())[file.filename];
        expect([last, done, before]).not.toEqual([last, done, false]);
        if (before) kept++;
        const { identical } = await new PartsRig().upload(file);
        expect([last, done, identical]).toEqual([last, done, before === true]);
        expect((await published())[file.filename]).toBe(true);
      }
    }
    // It had been published where the end came late, and not where it came early.
    expect(kept).toBeGreaterThan(3);
    expect(kept).toBeLessThan(all);
  });

  test("while a part is sent again leaves it to be sent, or as it was", async () => {
    for (let last = 1; last <= 4; last++) {
      const file = await fileOf(100, SMALL, `demo-2.${last}.tar.gz`);
      const { rig, id } = await begun(file, [1]);
      const { status } = await new PartsRig(dyingAt(last, true).platform).put(id, 1, file);
      expect([last, status]).toEqual([last, 503]);
      expect(await rig.upload(file)).toMatchObject({ identical: false });
    }
    expect(Object.values(await published())).toEqual([true, true, true, true]);
  });
});
