import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { host, READER, TEAM } from "../support/hosted.ts";
import { JSON_TYPE, type PageJson, Rig } from "../support/rig.ts";
import { hiddenFields, sendForm, signIn } from "../support/signed-in.ts";
import { give } from "../support/tokens.ts";

const PAGE = "/team/project/acme-tools/";
const UP = "../../../";

let rig: Rig;
let session: Record<string, string>;
beforeEach(async () => {
  rig = new Rig(TEAM);
  for (const version of ["1.0", "2.0"]) await host("acme-tools", `acme_tools-${version}.tar.gz`);
  ({ session } = await signIn(rig));
});

const page = async (path = PAGE, headers = session) => (await rig.get(path, headers)).text();

/** Sends a form of the project's page as it is there, with what a person types. */
async function send(action: string, typed: Record<string, string> = {}, path = PAGE, headers = session) {
  const to = `/-/releases/team/acme-tools/${action}`;
  const up = "../".repeat(path.split("/").length - 2);
  const hidden = hiddenFields(await page(path, headers), up + to.slice(1));
  const sent = await sendForm(rig, to, { ...hidden, ...typed }, headers);
  const location = sent.headers.get("Location");
  const next = location === null ? undefined : new URL(location, `https://edge.test${to}`);
  const led = next && (await rig.get(next.pathname + next.search, headers)).text();
  return { ...sent, path: next?.pathname, said: /role="status">([^<]*)/.exec(led ?? "")?.[1] };
}

const listed = async () => {
  const { files } = JSON.parse(
    (await rig.get("/team/simple/acme-tools/", { ...READER, Accept: JSON_TYPE })).text(),
  ) as PageJson;
  return files.map(({ filename, yanked }) => [filename, yanked]);
};
const ONE = "acme_tools-1.0.tar.gz";
const TWO = "acme_tools-2.0.tar.gz";

test("a release is yanked with a reason and unyanked, and who did it is in the audit log", async () => {
  const yanked = await send("yank", { reason: "It burns <b>." });
  expect(yanked).toMatchObject({ status: 303, path: "/team/project/acme-tools/2.0/" });
  expect(yanked.said).toContain("acme-tools 2.0 in team is yanked (It burns &lt;b&gt;.) now");
  expect(yanked.said).toContain("What clients have downloaded stays");
  expect(await listed()).toEqual([
    [ONE, false],
    [TWO, "It burns <b>."],
  ]);
  const { said } = await send("unyank", {}, "/team/project/acme-tools/2.0/");
  expect(said).toContain("acme-tools 2.0 in team is not yanked now");
  expect((await listed()).flat()).not.toContain("It burns <b>.");
  const { results } = await env.DB.prepare("SELECT action, actor, subject FROM audit ORDER BY id").all();
  expect(results).toEqual([
    { action: "yank", actor: "admin", subject: "2.0" },
    { action: "unyank", actor: "admin", subject: "2.0" },
  ]);
});

test("a release is deleted where the project's name was typed, and restored from the page, the last one too", async () => {
  for (const confirm of ["", "acme", "yes"]) {
    const refused = await send("delete", { confirm });
    expect([refused.status, refused.text]).toEqual([
      422,
      expect.stringContaining("type the project&#39;s name, acme-tools"),
    ]);
  }
  // A form with which nothing was done may be sent again, as after a step back.
  const fields = hiddenFields(await page(), `${UP}-/releases/team/acme-tools/delete`);
  const to = "/-/releases/team/acme-tools/delete";
  expect((await sendForm(rig, to, { ...fields, confirm: "no" }, session)).status).toBe(422);
  rig.breakOnce("d1.batch", 2);
  expect((await sendForm(rig, to, { ...fields, confirm: "acme-tools" }, session)).status).toBe(503);
  expect((await sendForm(rig, to, { ...fields, version: "3.0", confirm: "acme-tools" }, session)).status).toBe(404);
  expect(await send("delete", { confirm: " Acme_Tools " })).toMatchObject({ status: 303, path: PAGE });
  expect((await listed()).flat()).toEqual([ONE, false]);
  await send("delete", { confirm: "acme-tools" });
  expect(await listed()).toEqual([]);
  expect(await page()).toContain("Deleted: 2 releases");
  expect(await send("restore")).toMatchObject({ status: 303, path: "/team/project/acme-tools/2.0/" });
  expect((await listed()).flat()).toEqual([TWO, false]);
});

test("a project is quarantined, says why, and is made active again", async () => {
  const { said } = await send("status", { status: "quarantined", reason: "It was taken over." });
  expect(said).toContain("is quarantined (It was taken over.) now");
  expect(await listed()).toEqual([]);
  expect(await page()).toContain('<option value="quarantined" selected="">');
  await send("status", { status: "active", reason: "" });
  expect((await listed()).length).toBe(2);
  const refused = await send("status", { status: "gone" });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("status must be one of")]);
});

test("the page has what the reader may do, with the commands that do the same, and nothing more", async () => {
  const offered = async (headers: Record<string, string>, path = PAGE) =>
    [...(await page(path, headers)).matchAll(/-\/releases\/team\/acme-tools\/(\w+)"/g)].map(([, action]) => action);
  const of = async (scopes: readonly ("read" | "yank" | "upload" | "admin")[], projects?: readonly string[]) =>
    (await signIn(rig, (await give(rig, { scopes, projects })).text)).session;
  expect(await offered(session)).toEqual(["yank", "status", "delete"]);
  expect(await offered(await of(["read", "yank"]))).toEqual(["yank"]);
  expect(await offered(await of(["read", "upload"]))).toEqual([]);
  expect(await offered(await of(["admin"], ["other-*"]))).toEqual([]);
  expect(await offered(READER)).toEqual([]);
  expect(await offered(session, "/team/@pre=no/project/acme-tools/")).toEqual([]);
  expect(await page()).toMatch(
    /pypi-edge release yank acme-tools 2\.0 --index team[^]*pypi-edge release delete acme-tools 2\.0/,
  );
});

test("each form does nothing from another site, without the right, and twice", async () => {
  const reader = (await signIn(rig, (await give(rig, { scopes: ["read", "yank"] })).text)).session;
  const before = await listed();
  for (const [action, typed] of [
    ["yank", { reason: "x" }],
    ["status", { status: "quarantined" }],
    ["delete", { confirm: "acme-tools" }],
  ] as const) {
    const to = `/-/releases/team/acme-tools/${action}`;
    const fields = { ...hiddenFields(await page(), UP + to.slice(1)), ...typed };
    const foreign = await sendForm(rig, to, fields, { ...session, "Sec-Fetch-Site": "same-site" });
    expect([action, foreign.status, foreign.text]).toEqual([
      action,
      403,
      expect.stringContaining("<h1>Not allowed</h1>"),
    ]);
    expect((await sendForm(rig, to, fields, reader)).status).toBe(403);
    expect(await listed()).toEqual(before);
    expect((await sendForm(rig, to, fields, session)).status).toBe(303);
    const twice = await sendForm(rig, to, fields, session);
    expect([twice.status, twice.text]).toEqual([409, expect.stringContaining("nothing was done a second time")]);
    await env.DB.prepare("UPDATE hosted_project SET status = NULL, revision = revision + 1").run();
    await env.DB.prepare(
      "UPDATE hosted_file SET yanked = NULL, deleted_at = NULL, object = coalesce(object, trashed), trashed = NULL",
    ).run();
  }
});

test("an action that there is not, and a release that there is not, are said", async () => {
  const { status } = await sendForm(rig, "/-/releases/team/acme-tools/burn", { form: "a.b" }, session);
  expect(status).toBe(403);
  const gone = await send("yank", { version: "9.0" });
  expect([gone.status, gone.text]).toEqual([404, expect.stringContaining("There is no version")]);
});
