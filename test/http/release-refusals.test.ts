import { describe, expect, test } from "vitest";
import { DATABASE_AWAY } from "../support/away.ts";
import { at, call, everything, INDEXES, projectRows, published, TWO } from "../support/releases.ts";
import { Rig } from "../support/rig.ts";

describe("what is not there", () => {
  test.each([
    ["POST", at("team", "demo", "3.0", "yank"), 404, 'There is no version "3.0" of demo in team; there are: 1.0, 2.0.'],
    [
      "DELETE",
      `${at("team", "demo", "1.0")}?filename=${TWO}`,
      404,
      "is no file of demo 1.0 in team; these are: demo-1.0",
    ],
    ["POST", at("team", "other", "1.0", "yank"), 404, "team hosts no project other."],
    ["GET", at("team", "other"), 404, "team hosts no project other."],
    ["PUT", at("team", "other", "status"), 404, "team hosts no project other."],
    ["GET", at("nowhere", "demo"), 404, 'There is no index "nowhere" here.'],
    ["DELETE", at("default", "demo", "1.0"), 400, "default hosts no packages of its own"],
    ["GET", at("team", "-demo-"), 400, "is not a project name"],
    ["POST", at("team", "demo", "1.0", "promote"), 404, 'There is no index "nowhere" here.'],
    ["GET", "indexes/team", 404, "There is nothing at this address"],
  ])("%s %s is %i with a sentence, and nothing changes", async (method, path, expected, sentence) => {
    const rig = await published();
    const before = await everything();
    const body = method === "PUT" ? { status: "archived" } : path.endsWith("promote") ? { to: "nowhere" } : undefined;
    const { status, text, headers } = await call(rig, method, path, body);
    expect([status, text.trimEnd()]).toEqual([expected, expect.stringContaining(sentence)]);
    expect(headers.get("Cache-Control")).toMatch(/^(?:no-store|private)/);
    expect(await everything()).toEqual(before);
  });
});

const DIRECTING = ["a\u202eb", "a\u2066b", "a\u200fb", "a\u061cb", "a\u200bb", "a\ufeffb", "a\u{e0041}b", "a\ud800b"];
const ONE_LINE = "The request cannot be read: reason must be one line of text.";
const DIRECTED = "The request cannot be read: reason must have no characters that control the direction of text.";

test.each([
  ...DIRECTING.map((reason) => [reason, DIRECTED] as const),
  ...["a\u001b[31mb", "a\u009bb", "a\u2028b"].map((reason) => [reason, ONE_LINE] as const),
])("%j is no reason for a yank, nor for a status", async (reason, sentence) => {
  const rig = await published();
  const yank = await call(rig, "POST", at("team", "demo", "1.0", "yank"), { reason });
  const status = await call(rig, "PUT", at("team", "demo", "status"), { status: "archived", reason });
  expect([yank, status].map((answer) => [answer.status, answer.text.trimEnd()])).toEqual([
    [422, sentence],
    [422, sentence],
  ]);
});

describe("a malformed request", () => {
  test.each([
    ["POST", "yank", { reson: "x" }, 422, 'The request cannot be read: "reson" is not known here.'],
    ["POST", "yank", { reason: 3 }, 422, "The request cannot be read: reason must be a text."],
    ["POST", "yank", { reason: "a\nb" }, 422, "The request cannot be read: reason must be one line of text."],
    [
      "POST",
      "yank",
      { reason: "x".repeat(401) },
      422,
      "The request cannot be read: reason must be at most 400 characters.",
    ],
    ["POST", "yank", "reason=x", 422, 'The request is not JSON: an object such as {"name": "value"} is expected.'],
    ["POST", "yank", "[]", 422, "The request cannot be read: it must be a JSON object."],
    ["POST", "unyank", { reason: "x" }, 422, 'The request cannot be read: "reason" is not known here.'],
    ["POST", "promote", {}, 422, "The request cannot be read: to is missing."],
    ["POST", "yank?file=x", {}, 400, '"file" is not a parameter of this address; there is filename.'],
    [
      "POST",
      "promote?filename=x",
      { to: "prod" },
      400,
      '"filename" is not a parameter of this address; there are none.',
    ],
  ])("%s %s with %j is refused, and nothing changes", async (method, what, body, expected, sentence) => {
    const rig = await published();
    const before = await everything();
    const { status, text } = await call(rig, method, `${at("team", "demo", "1.0")}/${what}`, body);
    expect([status, text]).toEqual([expected, `${sentence}\n`]);
    expect(await everything()).toEqual(before);
  });

  test.each([{ status: "dead" }, { reason: "x" }, { status: "archived", since: 3 }])(
    "a status of %j is refused",
    async (body) => {
      const { status } = await call(await published(), "PUT", at("team", "demo", "status"), body);
      expect([status, (await projectRows())[0]?.status]).toEqual([422, null]);
    },
  );

  test.each([
    ["GET, HEAD", at("team", "demo")],
    ["PUT", at("team", "demo", "status")],
    ["DELETE", at("team", "demo", "1.0")],
    ["POST", at("team", "demo", "1.0", "yank")],
    ["POST", at("team", "demo", "1.0", "restore")],
    ["POST", at("team", "demo", "1.0", "promote")],
  ])("only %s is offered at %s", async (allowed, path) => {
    const rig = await published();
    for (const method of ["POST", "PUT", "DELETE", "GET", "PATCH"].filter((each) => !allowed.includes(each))) {
      const { status, headers } = await call(rig, method, path);
      expect([method, status, headers.get("Allow")]).toEqual([method, 405, allowed]);
    }
  });
});

describe("where the database is away", () => {
  test.each([
    ["GET", at("team", "demo")],
    ["POST", at("team", "demo", "1.0", "yank")],
    ["DELETE", at("team", "demo", "1.0")],
  ])("%s %s is 503, never absence", async (method, path) => {
    const rig = new Rig({ INDEXES }, { database: DATABASE_AWAY });
    expect((await call(rig, method, path)).status).toBe(503);
  });

  test("for the writing alone, it is 503 and nothing has changed", async () => {
    const rig = await published();
    const before = await everything();
    rig.breakOnce("d1.batch", 2);
    expect((await call(rig, "POST", at("team", "demo", "1.0", "yank"))).status).toBe(503);
    expect(await everything()).toEqual(before);
  });
});
