import { describe, expect, test } from "vitest";
import { at, call, everything, host, INDEXES } from "../support/releases.ts";
import { uploadInOnePart } from "../support/one-part.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { stored, upload, wheelOf } from "../support/upload.ts";

const WHEEL = await wheelOf("demo", "1.0");
const DIGEST = WHEEL.fields["sha256_digest"] ?? "";
const RC = await wheelOf("demo", "2.0rc1");

/** A rig whose index `team` has a policy, and which stands on `default`, with another. */
const withPolicy = (policy: object | undefined, below?: object) =>
  new Rig({
    INDEXES: {
      ...INDEXES,
      default: { ...INDEXES.default, ...(below && { policy: below }) },
      team: { ...INDEXES.team, ...(policy && { policy }) },
    },
  });

const AUTHORIZED = { Authorization: `Bearer ${ADMIN_TOKEN}` };

const REST = "No client would be given the file, so team does not take it.";
const written = (index = "team", rule = "deny") => `The rule is \`${rule}\` in the configuration of ${index}. ${REST}`;

const FORK = {
  base: { version: "1.0", filename: "demo-1.0.tar.gz", sha256: "a".repeat(64) },
  patches: [{ name: "fix.patch", content: btoa("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n") }],
  reason: "The upstream has not merged it.",
};

describe("a file that the index's own policy refuses is not taken, and the answer says by which rule", () => {
  test.each([
    ["a name", withPolicy({ deny: ["demo"] }), `demo is refused: index team denies demo. ${written()}`],
    ["a pattern", withPolicy({ deny: ["de*"] }), `demo is refused: index team denies de*. ${written()}`],
    [
      "a version",
      withPolicy({ deny: ["demo<2"] }),
      `${WHEEL.filename} is refused: index team denies demo<2. ${written()}`,
    ],
    [
      "a digest",
      withPolicy({ deny: [`sha256:${DIGEST}`] }),
      `${WHEEL.filename} is refused: index team denies sha256:${DIGEST}. ${written()}`,
    ],
    [
      "a version, in an index that it stands on",
      withPolicy(undefined, { deny: ["demo==1.0"] }),
      `${WHEEL.filename} is refused: index default denies demo==1.0. ${written("default")}`,
    ],
  ])("by %s", async (_what, rig, sentence) => {
    const answer = await upload(rig, WHEEL);
    expect(answer).toMatchObject({ status: 422, text: `${sentence}\n`, reason: sentence });
    const inParts = await uploadInOnePart(rig, WHEEL, {});
    expect([inParts.status, inParts.text]).toEqual([422, `${sentence}\n`]);
    await host("prod", WHEEL.filename, { sha256: DIGEST });
    const before = await everything();
    const promoted = await call(rig, "POST", at("prod", "demo", "1.0", "promote"), { to: "team" });
    expect([promoted.status, promoted.text]).toEqual([422, `${sentence}\n`]);
    expect(await everything()).toEqual(before);
    expect((await stored()).filter((key) => key.startsWith("staging/"))).toEqual([]);
  });

  test("by being a pre-release", async () => {
    const sentence = `${RC.filename} is refused: it is a pre-release, of which index team has none. ${written("team", "prerelease")}`;
    const rig = withPolicy({ prerelease: "enforce" });
    expect(await upload(rig, RC)).toMatchObject({ status: 422, text: `${sentence}\n` });
    expect((await upload(rig, WHEEL)).status).toBe(200);
  });

  test("as a fork", async () => {
    const rig = withPolicy({ deny: ["demo==1.0+team.1"] });
    const answer = await uploadInOnePart(rig, await wheelOf("demo", "1.0+team.1"), { fork: FORK });
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("index team denies demo==1.0+team.1")]);
  });

  test("by an entry that was made a moment ago, until it is removed", async () => {
    const rig = withPolicy({});
    const entry = { index: "team", kind: "deny", what: ["demo<2"], reason: "A worm." };
    const made = (await call(rig, "POST", "policy/entries", entry)).json?.["entries"] as { id: string }[];
    const id = made[0]?.id ?? "";
    expect(await upload(rig, WHEEL)).toMatchObject({
      status: 422,
      text: `${WHEEL.filename} is refused: index team denies demo<2 (A worm.). The rule is the entry ${id} of the deny list of team. ${REST}\n`,
    });
    await call(rig, "DELETE", `policy/entries/${id}`);
    expect((await upload(rig, WHEEL)).status).toBe(200);
  });

  test("though it is there already, with these very bytes", async () => {
    await upload(withPolicy(undefined), WHEEL);
    expect((await upload(withPolicy({ deny: ["demo"] }), WHEEL)).status).toBe(422);
  });
});

describe("a deleted file that a rule refuses by now is not restored", () => {
  test("the answer says by which rule, and nothing of the release changes; once the rule is gone, it is restored", async () => {
    const rig = withPolicy({});
    const other = "demo-1.0-py2-none-any.whl";
    expect((await upload(rig, WHEEL)).status).toBe(200);
    await host("team", other);
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    const denied = { index: "team", kind: "deny", what: [`sha256:${DIGEST}`], reason: "A worm." };
    const made = (await call(rig, "POST", "policy/entries", denied)).json?.["entries"] as { id: string }[];
    const id = made[0]?.id ?? "";
    const before = await everything();
    const restore = (query = "") => call(rig, "POST", `${at("team", "demo", "1.0", "restore")}${query}`);
    const refused = await restore();
    expect([refused.status, refused.text]).toEqual([
      422,
      `${WHEEL.filename} is refused: index team denies sha256:${DIGEST} (A worm.). The rule is the entry ${id} of the deny list of team. ${REST}\n`,
    ]);
    expect((await restore(`?filename=${WHEEL.filename}`)).status).toBe(422);
    expect(await everything()).toEqual(before);
    expect((await restore(`?filename=${other}`)).json?.["files"]).toEqual([other]);
    await call(rig, "DELETE", `policy/entries/${id}`);
    expect((await restore()).json?.["files"]).toEqual([WHEEL.filename]);
  });

  test("where none of it is in the trash, no rule is asked", async () => {
    await upload(withPolicy(undefined), WHEEL);
    const rig = withPolicy({ deny: ["demo"] });
    const { status, json } = await call(rig, "POST", at("team", "demo", "1.0", "restore"));
    expect([status, json?.["did"]]).toEqual([200, "demo 1.0 in team was not deleted."]);
  });
});

test("an upload in parts that a rule refuses since it began is not published, and leaves nothing", async () => {
  const rig = withPolicy({});
  const announcement = { index: "team", filename: WHEEL.filename, size: WHEEL.bytes.byteLength, sha256: DIGEST };
  const id = String((await call(rig, "POST", "uploads", announcement)).json?.["id"]);
  const headers = { ...AUTHORIZED, "Content-Length": String(WHEEL.bytes.byteLength) };
  const { response, settled } = await rig.open(`/-/api/uploads/${id}/1`, { method: "PUT", headers, body: WHEEL.bytes });
  await response.text();
  await settled();
  await call(rig, "POST", "policy/entries", { index: "team", kind: "deny", what: ["demo"], reason: "A worm." });
  const ended = await call(rig, "POST", `uploads/${id}/finish`, {});
  expect([ended.status, ended.text]).toEqual([422, expect.stringContaining("index team denies demo (A worm.)")]);
  expect(await stored()).toEqual([]);
});

test.each([
  ["rules on age and malware", { min_age: "3d", before: "2020-01-01", malware: "enforce", on_missing: "refuse" }],
  ["a rule that only counts", { deny: ["demo"], modes: { deny: "audit" } }],
  ["a rule that only warns", { deny: ["demo"], modes: { deny: "warn" } }],
  ["a rule on pre-releases that lets this one through", { prerelease: "enforce", allow: ["demo"] }],
  ["a rule on yanked files", { yanked: "enforce" }],
])("%s: a hosted file is taken, and given", async (_what, policy) => {
  const rig = withPolicy(policy);
  const file = "prerelease" in policy ? RC : WHEEL;
  expect((await upload(rig, file)).status).toBe(200);
  expect((await rig.get("/team/simple/demo/", AUTHORIZED)).text()).toContain(file.filename);
});
