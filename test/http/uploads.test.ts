import { describe, expect, test } from "vitest";
import {
  arrived,
  begun,
  different,
  fileOf,
  leftovers,
  PART,
  PartsRig,
  published,
  SMALL,
  stateIn,
} from "../support/in-parts.ts";

/** Of three parts; R2 makes no whole of such small ones. */
const FILE = await fileOf(2 * SMALL + 10, SMALL);
/** Of two parts. */
const LARGE = await fileOf(PART + 10, PART);
/** Of one part. */
const SHORT = await fileOf(100, SMALL);
const NAME = "demo-1.0.tar.gz";

describe("an upload in parts", () => {
  test("publishes the file once all parts have come, and leaves nothing else", async () => {
    const { rig, id } = await begun(LARGE, [1, 2]);
    const { status, text, headers } = await rig.finish(id);
    expect([status, JSON.parse(text)]).toEqual([200, { identical: false, did: `Published ${NAME} in team.` }]);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect([await published(), await leftovers()]).toEqual([{ [NAME]: true }, []]);
  });

  test("begins with 201, its id and the size of parts, none of which has arrived", async () => {
    const rig = new PartsRig();
    const answer = await rig.begin(FILE);
    expect([answer.status, stateIn(answer)]).toEqual([
      201,
      { id: expect.stringMatching(/^team\.[0-9a-f]{16}$/), partSize: SMALL, parts: [] },
    ]);
  });

  test("takes parts in any order, and one again", async () => {
    const { rig, id } = await begun(LARGE, [2]);
    await rig.put(id, 2, different(LARGE));
    expect(await arrived(rig, id)).toEqual([2]);
    for (const number of [2, 1]) expect((await rig.put(id, number, LARGE)).status).toBe(200);
    expect(await arrived(rig, id)).toEqual([1, 2]);
    expect((await rig.finish(id)).status).toBe(200);
    expect(await published()).toEqual({ [NAME]: true });
  });

  test("of one part is one as well", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    expect((await rig.finish(id)).status).toBe(200);
    expect(await published()).toEqual({ [NAME]: true });
  });

  test("is resumed by a client that begins the same upload, in any isolate, with the parts that have arrived", async () => {
    const { id } = await begun(FILE, [1, 3]);
    const answer = await new PartsRig().begin(FILE, { sha256: FILE.sha256.toUpperCase() });
    expect([answer.status, stateIn(answer)]).toEqual([200, { id, partSize: SMALL, parts: [1, 3] }]);
  });

  test.each([
    ["other bytes", { sha256: "0".repeat(64) }, "alice"],
    ["another size", { size: 12 }, "alice"],
    ["another name", { filename: "demo-1.1.tar.gz" }, "alice"],
    ["another index", { index: "scratch" }, "everywhere"],
    ["another actor", {}, "bob"],
  ])("is another one for %s", async (_what, more, token) => {
    const { rig, id } = await begun(FILE);
    const answer = await rig.begin(FILE, more, token);
    expect([answer.status, stateIn(answer).id === id]).toEqual([201, false]);
  });

  test("begun twice at once is one", async () => {
    const answers = await Promise.all([new PartsRig().begin(FILE), new PartsRig().begin(FILE)]);
    expect(new Set(answers.map((answer) => stateIn(answer).id)).size).toBe(1);
    expect(await leftovers()).toHaveLength(1);
  });

  test("can be finished only when all parts have arrived, and continues until then", async () => {
    const { rig, id } = await begun(FILE, [2]);
    const { status, text } = await rig.finish(id);
    expect([status, text]).toEqual([
      400,
      `2 of 3 parts of ${NAME} have not arrived: 1, 3. Send them, then finish the upload.\n`,
    ]);
    expect(await arrived(rig, id)).toEqual([2]);
  });

  test("of bytes that are not those announced ends, and nothing is left", async () => {
    const { rig, id } = await begun(SHORT);
    await rig.put(id, 1, different(SHORT));
    const { status, text } = await rig.finish(id);
    expect([status, text]).toEqual([400, expect.stringContaining(`but ${SHORT.sha256} was announced`)]);
    expect([await published(), await leftovers()]).toEqual([{}, []]);
    expect((await rig.finish(id)).status).toBe(404);
  });

  test("that publishing refuses ends with its sentence, and nothing is left", async () => {
    const unsound = await fileOf(10, SMALL, "unsound-1.0.tar.gz");
    const { rig, id } = await begun(unsound, [1]);
    const { status, text } = await rig.finish(id);
    expect([status, text]).toEqual([400, "unsound-1.0.tar.gz is no sound file.\n"]);
    expect([await published(), await leftovers()]).toEqual([{}, []]);
  });

  test("can be aborted, and nothing is left", async () => {
    const { rig, id } = await begun(FILE, [1, 2]);
    expect((await rig.send("DELETE", `/${id}`)).status).toBe(204);
    expect(await leftovers()).toEqual([]);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/finish"],
    ] as const) {
      expect((await rig.send(method, `/${id}${path}`)).status).toBe(404);
    }
    expect((await rig.put(id, 3, FILE)).status).toBe(404);
    expect(await leftovers()).toEqual([]);
  });
});

describe("a part", () => {
  test.each([
    ["0", SMALL, "has the parts 1 to 3"],
    ["4", SMALL, "has the parts 1 to 3"],
    ["01", SMALL, "has the parts 1 to 3"],
    ["1.5", SMALL, "has the parts 1 to 3"],
    ["x", SMALL, "has the parts 1 to 3"],
    ["1", SMALL - 1, `has ${SMALL} bytes, and ${SMALL - 1} were announced`],
    ["1", SMALL + 1, `has ${SMALL} bytes, and ${SMALL + 1} were announced`],
    ["3", SMALL, `Part 3 of ${NAME} has 10 bytes`],
  ])("%s of %i bytes is refused, and changes nothing", async (number, size, sentence) => {
    const { rig, id } = await begun(FILE, [1]);
    const headers = { "Content-Length": String(size) };
    const { status, text } = await rig.send("PUT", `/${id}/${number}`, new Uint8Array(size), headers);
    expect([status, text]).toEqual([400, expect.stringContaining(sentence)]);
    expect(await arrived(rig, id)).toEqual([1]);
    expect(rig.counts["r2.uploadPart"]).toBe(1);
  });

  test.each([
    ["has more bytes than it says", SMALL + 1, /more than the 1000 bytes/],
    ["has fewer", SMALL - 1, /has 999 bytes; 1000 are expected/],
    ["has none", 0, /1000 bytes are expected/],
  ])("that %s is refused, and has not arrived", async (_what, size, sentence) => {
    const { rig, id } = await begun(FILE);
    const body = size === 0 ? undefined : new Uint8Array(size);
    const { status, text } = await rig.send("PUT", `/${id}/1`, body, { "Content-Length": String(SMALL) });
    expect([status, text]).toEqual([400, expect.stringMatching(sentence)]);
    expect(await arrived(rig, id)).toEqual([]);
  });

  test("without a length is refused", async () => {
    const { rig, id } = await begun(FILE);
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const sent = writer.write(FILE.bytes.slice(0, 100)).then(() => writer.close());
    const { status, text } = await rig.send("PUT", `/${id}/1`, readable);
    await sent;
    expect([status, text]).toEqual([400, expect.stringContaining("sent with its length")]);
  });

  test("that breaks off has not arrived, and can be sent again", async () => {
    const { rig, id } = await begun(LARGE, [2]);
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const sent = writer.write(LARGE.bytes.slice(0, 100_000)).then(() => writer.abort(new Error("the line broke")));
    const { status } = await rig.send("PUT", `/${id}/1`, readable, { "Content-Length": String(PART) });
    await sent;
    expect([status, await arrived(rig, id)]).toEqual([400, [2]]);
    await rig.put(id, 1, LARGE);
    expect((await rig.finish(id)).status).toBe(200);
    expect(await published()).toEqual({ [NAME]: true });
  });

  test("is 503 while R2 fails, counts as missing, and can be sent again", async () => {
    const { rig, id } = await begun(SHORT, [1]);
    rig.broken.set("r2.uploadPart", 1);
    expect((await rig.put(id, 1, SHORT)).status).toBe(503);
    expect(await arrived(rig, id)).toEqual([]);
    rig.broken.set("d1.prepare", 2);
    expect((await rig.put(id, 1, SHORT)).status).toBe(503);
    expect(await arrived(rig, id)).toEqual([]);
    expect(await rig.upload(SHORT)).toMatchObject({ identical: false });
  });

  test("costs one write to R2, and two statements of D1", async () => {
    const { rig, id } = await begun(FILE);
    for (const key of Object.keys(rig.counts)) delete rig.counts[key];
    await rig.put(id, 1, FILE);
    expect(rig.counts).toEqual({ "d1.prepare": 2, "r2.uploadPart": 1 });
  });
});
