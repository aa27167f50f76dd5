import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  arrived,
  as,
  begun,
  fileOf,
  leftovers,
  MAX_SIZE,
  PartsRig,
  SMALL,
  stateIn,
  type LargeFile,
} from "../support/in-parts.ts";

/** Of three parts; R2 makes no whole of such small ones. */
const FILE = await fileOf(2 * SMALL + 10, SMALL);
/** Of one part. */
const SHORT = await fileOf(100, SMALL);
const NAME = "demo-1.0.tar.gz";

/** A row of a file that is there, or was. */
const hosted = (file: LargeFile, object: string | null, project = "demo") =>
  env.DB.prepare(
    `INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, uploaded_at)
     VALUES (?1, ?5, ?2, ?2, '1.0', ?3, 1, ?4, 1)`,
  )
    .bind(file.index, file.filename, file.sha256, object, project)
    .run();

describe("an upload is refused before any byte travels where", () => {
  test.each([
    [
      "the name is no distribution's",
      { filename: "notes.txt" },
      400,
      /is not the name of a file that can be published/,
    ],
    ["the wheel's name lacks its tags", { filename: "demo-1.0.whl" }, 400, /is not the name of a file/],
    [
      "the wheel's name is one that pip does not see",
      { filename: "dd__x-1.0-py3-none-any.whl" },
      400,
      /begins with \\?"dd__x\\?"/,
    ],
    ["the name has no version", { filename: "demo.tar.gz" }, 400, /is not the name of a file/],
    ["the name is a path", { filename: "../demo-1.0.tar.gz" }, 400, /is not the name of a file/],
    ["the file is empty", { size: 0 }, 400, /demo-1\.0\.tar\.gz is empty/],
    ["the file is too large", { size: MAX_SIZE + 1 }, 413, /has 20000001 bytes, and 20000000 is the most/],
    ["the size is none", { size: -1 }, 400, /size must be a whole number of bytes/],
    ["the size is a text", { size: "12" }, 400, /size must be a number of bytes/],
    ["the digest is none", { sha256: "abc" }, 400, /sha256 must be 64 hexadecimal digits/],
    ["something is missing", { filename: undefined }, 400, /filename is missing\. It looks like/],
    ["something is misspelt", { file: "x" }, 400, /cannot be read: "file" is not known here/],
  ])("%s", async (_what, more, status, sentence) => {
    const rig = new PartsRig();
    const answer = await rig.begin(FILE, more);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(sentence)]);
    expect([await leftovers(), rig.counts]).toEqual([[], {}]);
  });

  test.each([
    ["the index hosts nothing", "default"],
    ["there is no such index", "nope"],
  ])("%s", async (_what, index) => {
    const { status, text } = await new PartsRig().begin(FILE, { index }, "everywhere");
    expect([status, text]).toEqual([404, expect.stringContaining(`no index "${index}" here that takes uploads`)]);
  });

  test.each([
    ["reader", 403],
    ["elsewhere", 403],
    ["limited", 404],
    ["alice", 404],
  ])("an unknown id tells %s only whether they may upload to the index", async (who, status) => {
    const answer = await new PartsRig().send("GET", "/team.", undefined, { Authorization: `Bearer ${who}` });
    expect(answer.status).toBe(status);
  });

  test("the request is no JSON, or nothing", async () => {
    for (const body of ["{", "", "[]", "\xff"]) {
      const { status, text } = await new PartsRig().send("POST", "", body);
      expect([status, text]).toEqual([400, expect.stringContaining("cannot be read: it must be a JSON object")]);
    }
  });

  test("the file is there already: that is no fault where it is the same", async () => {
    await hosted(FILE, "hosted/x/y");
    const same = await new PartsRig().begin(FILE);
    expect([same.status, JSON.parse(same.text)]).toEqual([
      200,
      { identical: true, did: `${NAME} is in team already, with these very bytes; nothing has changed.` },
    ]);
    const other = await new PartsRig().begin(FILE, { sha256: "0".repeat(64) });
    expect([other.status, other.text]).toEqual([409, expect.stringMatching(/^File already exists: .*other bytes/)]);
    expect(await leftovers()).toEqual([]);
  });

  test("the name was used by one that is deleted, the same bytes included", async () => {
    await hosted(FILE, null);
    const { status, text } = await new PartsRig().begin(FILE);
    expect([status, text]).toEqual([409, expect.stringMatching(/^File already exists: .*it was deleted/)]);
  });

  test("but not where the index is volatile", async () => {
    await hosted({ ...FILE, index: "scratch" }, "hosted/x/y");
    const { status } = await new PartsRig().begin(FILE, { index: "scratch", sha256: "0".repeat(64) }, "everywhere");
    expect(status).toBe(201);
  });

  test("the database or the store is away: nothing has begun", async () => {
    for (const operation of ["d1.prepare", "r2.createMultipartUpload"]) {
      const rig = new PartsRig();
      rig.broken.set(operation, 1);
      expect((await rig.begin(FILE)).status).toBe(503);
      expect(await leftovers()).toEqual([]);
    }
  });

  test("the same actor has twenty open, until one of them ends", async () => {
    const rig = new PartsRig();
    const begin = (version: number, token?: string) => rig.begin(FILE, { filename: `demo-${version}.tar.gz` }, token);
    const first = stateIn(await begin(0));
    for (let version = 1; version < 20; version++) expect((await begin(version)).status).toBe(201);
    const { status, text } = await begin(20);
    expect([status, text]).toEqual([429, expect.stringContaining("has 20 unfinished uploads")]);
    expect((await begin(7)).status).toBe(200);
    expect((await begin(20, "bob")).status).toBe(201);
    await rig.send("DELETE", `/${first.id}`);
    expect((await begin(20)).status).toBe(201);
  });
});

describe("a client without permission to upload", () => {
  const REQUESTS = [
    ["POST", ""],
    ["GET", "/ID"],
    ["DELETE", "/ID"],
    ["PUT", "/ID/1"],
    ["POST", "/ID/finish"],
    ["GET", ""],
    ["PUT", "/ID"],
    ["POST", "/ID/1"],
  ] as const;

  test("learns nothing without a token: all is 401", async () => {
    const { rig, id } = await begun(FILE, [1]);
    for (const [method, path] of REQUESTS) {
      for (const known of [id, "team.0000000000000000", "nope"]) {
        const answer = await rig.send(
          method,
          path.replace("ID", known),
          method === "GET" ? undefined : "{}",
          as("guess"),
        );
        expect([method, path, answer.status]).toEqual([method, path, 401]);
      }
    }
  });

  test.each(["reader", "elsewhere"])("to the index is refused: %s", async (token) => {
    const { rig, id } = await begun(FILE, [1]);
    expect((await rig.begin(FILE, {}, token)).status).toBe(403);
    expect((await rig.put(id, 2, FILE, token)).status).toBe(403);
    expect((await rig.finish(id, token)).status).toBe(403);
    expect(await arrived(rig, id)).toEqual([1]);
  });

  test("the project is refused before any byte is sent", async () => {
    const { status, text } = await new PartsRig().begin(FILE, {}, "limited");
    expect([status, text]).toEqual([403, expect.stringContaining("may not upload demo in team")]);
    const own = await fileOf(10, SMALL, "acme-tools-1.0.tar.gz");
    expect((await new PartsRig().begin(own, {}, "limited")).status).toBe(201);
  });

  test("a project learns nothing of its files by the name of one that they may", async () => {
    await hosted({ ...FILE, filename: "acme-1-2.0.tar.gz" }, "hosted/x/y", "acme");
    const announced = await fileOf(10, SMALL, "acme-1-2.0.tar.gz");
    expect((await new PartsRig().begin(announced, {}, "limited")).status).toBe(201);
    expect((await new PartsRig().begin(announced)).status).toBe(409);
  });

  test("another's upload does not find it, but the admin does", async () => {
    const { rig, id } = await begun(SHORT);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/finish"],
    ] as const) {
      expect((await rig.send(method, `/${id}${path}`, undefined, as("bob"))).status).toBe(404);
    }
    const refused = await rig.put(id, 1, SHORT, "bob");
    const unknown = await rig.put("team.0000000000000000", 1, SHORT, "bob");
    expect([refused.status, refused.text]).toEqual([404, unknown.text]);
    expect(await arrived(rig, id)).toEqual([]);
    expect((await rig.put(id, 1, SHORT, "admin")).status).toBe(200);
    expect((await rig.finish(id, "admin")).status).toBe(200);
  });

  test("with an unknown method is a 405 that lists the known ones", async () => {
    const { rig, id } = await begun(FILE);
    const answers = [
      await rig.send("GET"),
      await rig.send("PUT", `/${id}`, "x"),
      await rig.send("GET", `/${id}/1`),
      await rig.send("GET", `/${id}/finish`),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get("Allow")])).toEqual([
      [405, "POST"],
      [405, "GET, DELETE"],
      [405, "PUT"],
      [405, "POST"],
    ]);
  });
});
