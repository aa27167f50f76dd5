import { env } from "cloudflare:workers";
import { HonoRequest } from "hono/request";
import { beforeEach, expect, test } from "vitest";
import { formSeals } from "../../worker/http/forms.ts";
import { READER, TEAM } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { hiddenFields, sendForm, signIn } from "../support/signed-in.ts";
import { bearer, give } from "../support/tokens.ts";

const MAKE = "../-/tokens";
const WANTED = { name: "acme release", index: "team", scope: "read", expires: "90d", projects: "" };

let rig: Rig;
let session: Record<string, string>;
beforeEach(async () => {
  rig = new Rig(TEAM);
  ({ session } = await signIn(rig));
});

const page = async (headers = session) => (await rig.get("/-/tokens", headers)).text();
/** What a page has with a button that copies it. */
const commands = (text: string) =>
  [...text.matchAll(/<pre><code>([^<]*)<\/code><\/pre><button[^>]*class="copy"/g)].map(([, line]) => line);

/** The pages that this one leads those to who operate the server. */
const tabs = (text: string) =>
  [...(/<nav aria-label="Operate".*?<\/nav>/.exec(text)?.[0].matchAll(/>([^<>]+)<\/a>/g) ?? [])].map(([, tab]) => tab);
const names = async () => {
  const { results } = await env.DB.prepare("SELECT name FROM token WHERE revoked_at IS NULL ORDER BY name").all();
  return results.map(({ name }) => name);
};
const audited = async () => {
  const { results } = await env.DB.prepare("SELECT action, actor FROM audit ORDER BY id").all();
  return results.map(({ action, actor }) => `${String(action)} by ${String(actor)}`);
};

test("a token is made, shown once, and opens what it is for", async () => {
  const made = await sendForm(rig, "/-/tokens", { ...hiddenFields(await page(), MAKE), ...WANTED }, session);
  const [token = ""] = /pypi-edge_[\w-]{60}/.exec(made.text) ?? [];
  expect([made.status, made.headers.get("Cache-Control"), made.headers.get("Location")]).toEqual([
    201,
    "no-store",
    null,
  ]);
  expect(commands(made.text)).toEqual([
    token,
    `pip install --index-url https://__token__:${token}@edge.test/team/simple/ NAME`,
    `uv pip install --default-index https://__token__:${token}@edge.test/team/simple/ NAME`,
  ]);
  // It is in the text of the page alone: in no address that a browser would follow or keep.
  expect(made.text).not.toMatch(/="[^"]*pypi-edge_/);
  expect((await rig.get("/team/", bearer(token))).status).toBe(200);
  const listed = await page();
  expect(listed).toMatch(/acme release[^]*read[^]*team[^]*none[^]*by admin[^]*never[^]*2027-02-20/);
  expect(listed).not.toContain(token.slice(-43));
  expect(await audited()).toEqual(["token.create by admin"]);
});

test("a new token is shown with what it is for: none to install where it may not read, or where anyone may", async () => {
  const lines = async (fields: Record<string, string>) => {
    const asked = { ...hiddenFields(await page(), MAKE), ...WANTED, ...fields };
    return commands((await sendForm(rig, "/-/tokens", asked, session)).text).map((line) => line?.split(" https://")[0]);
  };
  const token = expect.stringMatching(/^pypi-edge_[\w-]{60}$/) as string;
  const publish = ["uv publish --publish-url", "twine upload --repository-url"];
  expect(await lines({ scope: "upload" })).toEqual([token, ...publish]);
  expect(await lines({ index: "default" })).toEqual([token]);
  const install = ["pip install --index-url", "uv pip install --default-index"];
  expect(await lines({ scope: "admin", index: "*" })).toEqual([token, ...install, ...publish]);
});

test("a token is revoked, and the page says so after it was led there", async () => {
  const { id, text } = await give(rig, { name: 'of "someone"' });
  const to = `../-/tokens/${id}/revoke`;
  const sent = await sendForm(rig, `/-/tokens/${id}/revoke`, hiddenFields(await page(), to), session);
  expect(sent.status).toBe(303);
  const next = new URL(sent.headers.get("Location") ?? "", `https://edge.test/-/tokens/${id}/revoke`);
  expect(next.pathname).toBe("/-/tokens");
  const said = 'role="status">The token &quot;of \\&quot;someone\\&quot;&quot; is revoked';
  const after = (await rig.get(next.pathname + next.search, session)).text();
  expect(after).toContain(`${said}: no request that begins after that is accepted with it.`);
  expect((await rig.get("/team/", bearer(text))).status).toBe(401);
  expect(await audited()).toContain("token.revoke by admin");
  // A link of others says nothing here.
  const forged = `/-/tokens?${new URLSearchParams({ did: "All is lost.", "did-seal": next.searchParams.get("did-seal") ?? "" })}`;
  expect((await rig.get(forged, session)).text()).not.toContain("All is lost.");
});

test("what cannot be made is said, with what was typed", async () => {
  const refused = async (fields: Record<string, string>) => {
    const { status, text } = await sendForm(
      rig,
      "/-/tokens",
      { ...hiddenFields(await page(), MAKE), ...WANTED, ...fields },
      session,
    );
    return [status, /role="alert">([^<]*)/.exec(text)?.[1], text.includes('value="acme release"')];
  };
  expect(await refused({ expires: "soon" })).toEqual([422, expect.stringContaining("expires must be a date"), true]);
  expect(await refused({ scope: "upload", index: "default" })).toEqual([
    400,
    expect.stringContaining("hosts no packages"),
    true,
  ]);
  expect(await refused({ name: " " })).toEqual([422, expect.stringContaining("name is missing"), false]);
  expect(await refused({ index: "nowhere" })).toEqual([400, expect.stringContaining("There is no index"), true]);
  expect(await names()).toEqual([]);
});

test("an admin of some projects sees and makes such tokens alone", async () => {
  const lead = await give(rig, { name: "lead", scopes: ["admin"], projects: ["acme-*"], expiresAt: rig.now + 9e7 });
  await give(rig, { name: "of another project", scopes: ["upload"], projects: ["other"] });
  const own = await signIn(rig, lead.text);
  const listed = await page(own.session);
  expect(listed).toContain("lead");
  expect(listed).not.toContain("of another project");
  expect(listed).not.toContain('<option value="*"');
  expect(tabs(listed)).toEqual(["Tokens"]);
  expect(tabs(await page())).toEqual(["Dashboard", "Audit log", "Exemptions", "Jobs", "Tokens"]);
  for (const [fields, said] of [
    [{ scope: "upload" }, "it cannot create a token for all projects"],
    [{ scope: "upload", projects: "acme-a, acme-b", expires: "1y" }, "must expire by then"],
    [{ index: "default" }, "may not administer default"],
  ] as const) {
    const fresh = hiddenFields(await page(own.session), MAKE);
    const answer = await sendForm(rig, "/-/tokens", { ...fresh, ...WANTED, ...fields }, own.session);
    expect([answer.status, answer.text]).toEqual([expect.any(Number), expect.stringContaining(said)]);
    expect(answer.status).toBeGreaterThan(399);
  }
  const fields = { scope: "upload", projects: "acme-a, acme-b", expires: "1h" };
  const made = await sendForm(
    rig,
    "/-/tokens",
    { ...hiddenFields(await page(own.session), MAKE), ...WANTED, ...fields },
    own.session,
  );
  expect([made.status, made.text]).toEqual([201, expect.stringContaining("acme-a, acme-b")]);
});

test("without a sign-in the page shows admins their tokens, and has no form", async () => {
  await give(rig, { name: "a reader's" });
  const listed = await page(READER);
  expect(listed).toContain("a reader&#39;s");
  expect(listed).toContain("sign-in?next=/-/tokens");
  expect(listed).not.toMatch(/method="post"/);
  expect((await rig.get("/-/tokens", bearer((await give(rig)).text))).status).toBe(403);
  expect((await rig.get("/-/tokens")).status).toBe(401);
});

/** A form of the page, and one that is sent: each refusal is a page with a sentence, and nothing is done. */
async function refusal(
  headers: Record<string, string>,
  change: (fields: Record<string, string>) => Record<string, string>,
) {
  const fields = { ...hiddenFields(await page(), MAKE), ...WANTED };
  const before = await names();
  const { status, text } = await sendForm(rig, "/-/tokens", change(fields), { ...session, ...headers });
  expect(await names()).toEqual(before);
  expect(text).toContain("<h1>");
  return [status, text] as const;
}

const asItIs = (fields: Record<string, string>) => fields;

test.each([{ "Sec-Fetch-Site": "cross-site" }, { "Sec-Fetch-Site": "same-site" }, { "Sec-Fetch-Site": "none" }])(
  "a form that says %o of where it comes from does nothing",
  async (headers) => {
    expect(await refusal(headers, asItIs)).toEqual([
      403,
      expect.stringMatching(/other sites&#39; pages|was not sent by a page/),
    ]);
  },
);

test("a form does nothing without its seal, with that of another address, or with that of another sign-in", async () => {
  const { id } = await give(rig, { name: "another" });
  const other = hiddenFields(await page(), `../-/tokens/${id}/revoke`);
  const another = hiddenFields(
    await page((await signIn(rig, (await give(rig, { scopes: ["admin"] })).text)).session),
    MAKE,
  );
  for (const fields of [{ form: "" }, { form: "a.b" }, other, another]) {
    expect(await refusal({}, (own) => ({ ...own, ...fields }))).toEqual([
      403,
      expect.stringContaining("made for another sign-in"),
    ]);
  }
  expect(await refusal({ Cookie: "" }, asItIs)).toEqual([401, expect.stringContaining("not signed in any more")]);
  expect(await refusal({ ...READER }, asItIs)).toEqual([401, expect.stringContaining("not signed in any more")]);
});

test.each([
  ["https://edge.test/-/tokens?x=1", "/-/tokens?x=1", ""],
  ["https://edge.test/python/-/tokens", "/-/tokens", "https://edge.test/python"],
  ["https://edge.test/other/-/tokens", "", "https://edge.test/python"],
  ["https://evil.test/-/tokens", "", ""],
  ["https://edge.test//evil.test/", "", ""],
])("a form that %s sends and that is refused leads back to %j", async (Referer, path, PUBLIC_URL) => {
  rig = new Rig({ ...TEAM, PUBLIC_URL });
  const fields = { ...WANTED, form: "a.b" };
  const signedOut = await sendForm(rig, "/-/tokens", fields, { Referer });
  expect(signedOut.status).toBe(401);
  expect(signedOut.text).toContain(`name="next" value="${path}"`);
  const refused = await sendForm(rig, "/-/tokens", fields, { ...session, Referer });
  expect(refused.status).toBe(403);
  expect(refused.text.includes(`<a href="..${path}">The page of this form</a>`)).toBe(path !== "");
});

test("a form does nothing for who lacks the right", async () => {
  const reader = (await signIn(rig, (await give(rig)).text)).session;
  // A page that has a form for this session as well.
  const seals = formSeals({ req: new HonoRequest(new Request("https://edge.test/", { headers: reader })) });
  const form = seals?.sealFor("/-/tokens") ?? "";
  const { status, text } = await sendForm(rig, "/-/tokens", { ...WANTED, form }, reader);
  expect([status, text]).toEqual([403, expect.stringContaining("may not administer any index")]);
});

test("a form that is sent twice acts once, in whichever isolates it arrives, at the same time too", async () => {
  const fields = { ...hiddenFields(await page(), MAKE), ...WANTED };
  const other = new Rig(TEAM);
  const answers = await Promise.all([rig, other].map((each) => sendForm(each, "/-/tokens", fields, session)));
  expect(answers.map(({ status }) => status).toSorted((one, two) => one - two)).toEqual([201, 409]);
  expect(answers.find(({ status }) => status === 409)?.text).toContain("was used then");
  expect((await sendForm(rig, "/-/tokens", fields, session)).status).toBe(409);
  expect(await names()).toEqual(["acme release"]);
});

test("a token is revoked by no form from another site, of another sign-in, without the right, or sent twice", async () => {
  const { id } = await give(rig, { name: "kept" });
  const to = `/-/tokens/${id}/revoke`;
  const fields = hiddenFields(await page(), `..${to}`);
  const other = (await signIn(rig, (await give(rig, { name: "other", index: "default", scopes: ["admin"] })).text))
    .session;
  for (const [headers, status] of [
    [{ ...session, "Sec-Fetch-Site": "cross-site" }, 403],
    [other, 403],
    [{ ...other, Cookie: `${session["Cookie"]}x` }, 403],
    [{}, 401],
  ] as const) {
    expect((await sendForm(rig, to, fields, headers)).status).toBe(status);
  }
  // An admin of another index, with a form of its own.
  const seals = formSeals({ req: new HonoRequest(new Request("https://edge.test/", { headers: other })) });
  expect((await sendForm(rig, to, { form: seals?.sealFor(to) ?? "" }, other)).status).toBe(404);
  expect(await names()).toEqual(["kept", "other"]);
  expect((await sendForm(rig, to, fields, session)).status).toBe(303);
  expect((await sendForm(rig, to, fields, session)).status).toBe(409);
  expect(await names()).toEqual(["other"]);
});

test("a form with which nothing was done may be sent again", async () => {
  const fields = { ...hiddenFields(await page(), MAKE), ...WANTED };
  expect((await sendForm(rig, "/-/tokens", { ...fields, name: "" }, session)).status).toBe(422);
  expect((await sendForm(rig, "/-/tokens", { ...fields, index: "nowhere" }, session)).status).toBe(400);
  expect((await sendForm(rig, "/-/tokens", fields, session)).status).toBe(201);
});
