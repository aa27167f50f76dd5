import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { at, DEMO, file, OLD } from "../support/guarded.ts";
import { filesOn, READER, teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { hiddenFields, sendForm, signIn } from "../support/signed-in.ts";
import type { FakeFile } from "../support/upstream.ts";
import { bearer, give } from "../support/tokens.ts";

const HERE = "/-/exemptions";
const MAKE = "../-/exemptions";
const WANTED = { what: "demo==2.0", index: "default", reason: 'It "fixes" us.', expires: "7d", advisory: "" };
const INDEXES = { ...teamOf({}).INDEXES, default: { sources: ["pypi"], policy: { min_age: "3d" } } };

let rig: Rig;
let young: FakeFile;
let session: Record<string, string>;
beforeEach(async () => {
  rig = new Rig({ INDEXES });
  // The database goes by its own clock where an entry that has not ended is removed.
  rig.now = Date.now();
  young = file("2.0", rig.now - DAY);
  await rig.upstream.publish("demo", [OLD, young], DEMO);
  ({ session } = await signIn(rig));
});

const page = async (headers = session, query = "") => (await rig.get(HERE + query, headers)).text();
const send = async (more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  sendForm(rig, HERE, { ...hiddenFields(await page(), MAKE), ...WANTED, ...more }, { ...session, ...headers });
const audited = async () => {
  const { results } = await env.DB.prepare("SELECT action, subject FROM audit ORDER BY id").all();
  return results.map(({ action, subject }) => `${String(action)} ${String(subject)}`);
};
const offered = async () => filesOn(await rig.page("demo"));

test("an exemption lets a file through until it is ended early, and both are audited", async () => {
  expect(await offered()).toEqual([OLD.filename]);
  const made = await send();
  const next = new URL(made.headers.get("Location") ?? "", `https://edge.test${HERE}`);
  expect([made.status, next.pathname]).toEqual([303, HERE]);
  const listed = await page(session, next.search);
  const until = at(rig.now + 7 * DAY);
  expect(listed).toContain(`role="status">demo==2.0 is exempted in default until ${until}.`);
  expect(listed).toMatch(/demo==2\.0[^]*default[^]*It &quot;fixes&quot; us\.[^]*by ADMIN_TOKEN/);
  expect(await offered()).toEqual([OLD.filename, young.filename]);
  const [, id = ""] = /exemptions\/(\w+)\/end/.exec(listed) ?? [];
  const fields = hiddenFields(listed, `${MAKE}/${id}/end`);
  expect((await sendForm(rig, `${HERE}/${id}/end`, fields, session)).status).toBe(303);
  expect(await offered()).toEqual([OLD.filename]);
  expect(await audited()).toEqual(["policy.add demo==2.0", "policy.remove demo==2.0"]);
  expect((await sendForm(rig, `${HERE}/${id}/end`, fields, session)).status).toBe(409);
});

test("what cannot be made is said, with what was typed; a link fills in what is refused", async () => {
  for (const [fields, status, said] of [
    [{ expires: "1y" }, 422, "ends within 90 days"],
    [{ what: "demo-*" }, 422, "is for one project"],
    [{ what: "" }, 422, "what is missing"],
    [{ index: "team" }, 400, "has no policy of its own"],
    [{ index: "nowhere" }, 400, "There is no index"],
    [{ advisory: "x y" }, 422, "id of an advisory"],
  ] as const) {
    const { status: got, text } = await send(fields);
    expect([got, text.includes("It &quot;fixes&quot; us."), text]).toEqual([
      status,
      true,
      expect.stringMatching(new RegExp(`role="alert">[^<]*${said}`)),
    ]);
  }
  expect(await audited()).toEqual([]);
  expect(await page(session, "?what=demo%3D%3D2.0")).toMatch(/<details class="card" open="">[^]*value="demo==2.0"/);
});

test("a link for an index that the reader does not administer says so, and is not silently one for another", async () => {
  expect(await page(session, "?what=demo==2.0&index=team")).toContain("You can make no exemption in team:");
  expect(await page(session, "?what=demo==2.0&index=default")).not.toContain("You can make no exemption");
  expect(await page()).not.toContain("You can make no exemption");
});

test("a form does nothing from elsewhere, for who lacks the right, or twice", async () => {
  for (const site of ["cross-site", "same-site", "none"]) {
    expect((await send({}, { "Sec-Fetch-Site": site })).status).toBe(403);
  }
  expect((await send({ form: "a.b" })).status).toBe(403);
  const reader = await signIn(rig, (await give(rig)).text);
  expect((await send({}, reader.session)).status).toBe(403);
  expect((await rig.get(HERE, bearer((await give(rig)).text))).status).toBe(403);
  expect((await rig.get(HERE)).status).toBe(401);
  expect(await audited()).not.toContain("policy.add demo==2.0");
  const fields = { ...hiddenFields(await page(), MAKE), ...WANTED };
  const statuses = [await sendForm(rig, HERE, fields, session), await sendForm(rig, HERE, fields, session)];
  expect(statuses.map(({ status }) => status)).toEqual([303, 409]);
});

test("an admin of another index sees and makes none here; without a sign-in there is no form", async () => {
  await send();
  const own = await signIn(rig, (await give(rig, { scopes: ["admin"], index: "team" })).text);
  const theirs = await page(own.session);
  expect(theirs).not.toContain("demo==2.0</th>");
  expect(theirs).toContain("No index that you administer has a policy");
  expect(await page(READER)).toMatch(/sign-in\?next=\/-\/exemptions/);
  expect(await page(READER)).not.toMatch(/method="post"/);
});
