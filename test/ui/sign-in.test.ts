import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { DATABASE_AWAY } from "../support/away.ts";
import { host, READER, TEAM } from "../support/hosted.ts";
import { ADMIN_TOKEN, onCloudflare, Rig } from "../support/rig.ts";
import { FROM_HERE, sendForm, signIn } from "../support/signed-in.ts";
import { basic, contextIn, deed, give } from "../support/tokens.ts";

const HTML = { Accept: "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none" };
const HOUR = 3_600_000;

test("a browser signs in with a token, is led back, and reads what the token reads", async () => {
  const rig = new Rig(TEAM);
  await host("acme-tools", "acme_tools-1.0.tar.gz");
  const asked = await rig.get("/team/?hosted=all", HTML);
  expect([asked.status, asked.headers.get("WWW-Authenticate"), asked.headers.get("Cache-Control")]).toEqual([
    401,
    'Bearer realm="pypi-edge"',
    "no-store",
  ]);
  expect(asked.text()).toContain('name="next" value="/team/?hosted=all"');
  expect(asked.text()).not.toContain("__token__:TOKEN");
  expect(asked.text()).toMatch(/ADMIN_TOKEN[^]*one machine[^]*admin-token[^]*Cloudflare[^]*pypi-edge deploy/);

  const { status, headers, cookie, session } = await signIn(rig, (await give(rig)).text, "/team/?hosted=all");
  expect([status, headers.get("Location"), headers.get("Cache-Control")]).toEqual([
    303,
    "../team/?hosted=all",
    "no-store",
  ]);
  expect(headers.get("Set-Cookie")).toBe(`${cookie}; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure`);
  expect(cookie).toMatch(/^__Host-pypi-edge=/);

  const page = await rig.get("/team/?hosted=all", { ...HTML, ...session });
  expect([page.status, page.headers.get("Cache-Control"), page.headers.get("Vary")]).toEqual([
    200,
    "private, no-cache",
    "Cookie",
  ]);
  expect(page.text()).toContain("acme-tools");
  expect((await rig.get("/team/simple/acme-tools/", session)).status).toBe(200);
});

test("the page of a sign-in says who one is and what one may open, and lets one out", async () => {
  const rig = new Rig(TEAM);
  const { session } = await signIn(rig, (await give(rig, { name: "acme release", scopes: ["upload"] })).text);
  const page = (await rig.get("/-/sign-in", session)).text();
  expect(page).toMatch(/<h1>acme release<\/h1>[^]*upload[^]*<dd>any<[^]*Sign out[^]*>default</);
  expect(page).not.toMatch(/team\/">|Dashboard|Tokens|administer/);
  const out = await sendForm(rig, "/-/sign-out", {}, session);
  expect([out.status, out.headers.get("Location"), out.headers.get("Set-Cookie")]).toEqual([
    303,
    "../-/sign-in",
    "__Host-pypi-edge=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
  ]);
  const admin = (await rig.get("/-/sign-in", (await signIn(rig)).session)).text();
  expect(admin).toMatch(/<h1>ADMIN_TOKEN<\/h1>[^]*>team<[^]*Dashboard[^]*Tokens/);
});

test("every page leads to what its reader may open, and to the sign-in where there is none", async () => {
  const rig = new Rig(TEAM);
  const doors = async (path: string, headers: Record<string, string> = {}) => {
    const [header = ""] = (await rig.get(path, headers)).text().split("</header>");
    return [...header.matchAll(/<a(?: class="who")? href="([^"]*)"[^>]*>([^<]*)<\/a>/g)].map(
      ([, href, text]) => `${text} ${href}`,
    );
  };
  expect((await doors("/search?q=x")).at(-1)).toBe("Sign in ./-/sign-in?next=%2Fsearch");
  const { session } = await signIn(rig, (await give(rig)).text);
  expect((await doors("/team/", session)).slice(1)).toEqual(["Indexes ../#indexes", "Account ../-/sign-in"]);
  expect((await doors("/@before=2026-11-13/", session)).slice(1)).toHaveLength(2);
  const lead = (await signIn(rig, (await give(rig, { scopes: ["admin"] })).text)).session;
  expect((await doors("/team/", lead)).slice(1)).toEqual([
    "Indexes ../#indexes",
    "Tokens ../-/tokens",
    "Audit log ../-/audit",
    "Account ../-/sign-in",
  ]);
  const admin = (await signIn(rig)).session;
  for (const path of ["/", "/-/", "/@before=2026-11-13/search?q=x"]) {
    expect((await doors(path, admin)).slice(1).map((door) => door.replace(/ [^ ]*$/, ""))).toEqual([
      "Indexes",
      "Tokens",
      "Audit log",
      "Dashboard",
      "Account",
    ]);
  }
  expect((await rig.get("/team/", { Cookie: "__Host-pypi-edge=nothing" })).status).toBe(401);
  expect(await doors("/", { Cookie: "__Host-pypi-edge=nothing" })).toHaveLength(3);
});

test("a sign-in may what its token may, and an installer's password goes first", async () => {
  const rig = new Rig(TEAM);
  const { session } = await signIn(rig, (await give(rig)).text);
  expect((await rig.get("/-/", session)).status).toBe(403);
  expect((await rig.get("/-/", { ...session, ...READER })).status).toBe(200);
  const admin = (await signIn(rig)).session;
  expect((await rig.get("/-/", admin)).status).toBe(200);
  expect((await rig.get("/-/api/tokens", admin)).status).toBe(200);
  expect((await rig.get("/team/", { ...admin, ...basic("__token__", "something-else") })).status).toBe(401);
});

test("a sign-in changes nothing by the API, wherever the request comes from", async () => {
  const rig = new Rig(TEAM);
  const { session } = await signIn(rig);
  const body = JSON.stringify({ name: "stolen", index: "team", scopes: ["read"] });
  for (const headers of [FROM_HERE, {}, { Origin: "https://edge.test" }]) {
    const { response, settled } = await rig.open("/-/api/tokens", {
      method: "POST",
      body,
      headers: { ...session, ...headers, Accept: "application/json" },
    });
    await settled();
    expect([response.status, await response.json()]).toMatchObject([401, { status: 401 }]);
  }
});

test("a token that opens nothing is said to, counted as an attempt, and not shown again", async () => {
  const rig = new Rig(TEAM);
  const expired = await give(rig, { expiresAt: rig.now - 1 });
  for (const [token, said] of [
    ["something-else", "This token is not known here"],
    ["", "No token was typed."],
    [`pypi-edge_${"0".repeat(16)}_${"A".repeat(43)}`, "This token is not known here"],
    [expired.text, "expired at"],
  ] as const) {
    const answer = await signIn(rig, token);
    expect([answer.status, answer.headers.get("Set-Cookie"), answer.text]).toEqual([
      401,
      null,
      expect.stringContaining(said),
    ]);
    expect(token !== "" && answer.text.includes(token)).toBe(false);
  }
  for (let n = 0; n < 20; n++) await signIn(rig, "something-else");
  const limited = await signIn(rig, "something-else");
  expect([limited.status, Number(limited.headers.get("Retry-After"))]).toEqual([429, expect.any(Number)]);
  expect((await signIn(rig)).status).toBe(303);
});

test("a sign-in ends with its time, with its token, and with the admin token that it was made with", async () => {
  const rig = new Rig(TEAM);
  const token = await give(rig);
  const short = await give(rig, { expiresAt: rig.now + HOUR });
  const { session } = await signIn(rig, token.text);
  const soon = await signIn(rig, short.text);
  expect(soon.headers.get("Set-Cookie")).toContain("Max-Age=3600;");
  const read = async (headers: Record<string, string>) => (await rig.get("/team/", headers)).status;
  expect([await read(session), await read(soon.session)]).toEqual([200, 200]);
  rig.wait(HOUR);
  expect([await read(session), await read(soon.session)]).toEqual([200, 401]);
  await rig.services.tokens.revoke(token.id, deed(token.id, "token.revoke"), contextIn(rig));
  expect(await read(session)).toBe(401);
  expect((await rig.get("/team/", { ...HTML, ...session })).text()).toContain("Your sign-in is over");
  // A public page is there all the same.
  expect((await rig.get("/", session)).status).toBe(200);

  const admin = (await signIn(rig)).session;
  const replaced = new Rig({ ...TEAM, ADMIN_TOKEN: "another-token-for-the-tests", ADMIN_TOKEN_2: ADMIN_TOKEN });
  expect((await replaced.get("/-/", admin)).status).toBe(200);
  const gone = new Rig({ ...TEAM, ADMIN_TOKEN: "another-token-for-the-tests" });
  expect((await gone.get("/-/", admin)).status).toBe(401);
  replaced.wait(9 * HOUR);
  expect((await replaced.get("/-/", admin)).status).toBe(401);
});

test("a session that was changed in any part, or is no session, opens nothing", async () => {
  const rig = new Rig(TEAM);
  const { cookie } = await signIn(rig, (await give(rig)).text);
  const other = await give(rig, { index: "*", scopes: ["admin"] });
  const [name = "", value = ""] = cookie.split("=");
  const [id = "", end = "", seal = ""] = value.split(".");
  for (const forged of [
    `${other.id}.${end}.${seal}`,
    `admin.${end}.${seal}`,
    `${id}.${Number(end) + 1}.${seal}`,
    `${id}.${end}.${seal.slice(0, -1)}${seal.endsWith("A") ? "B" : "A"}`,
    `${id}.${end}`,
    "%00",
    "x".repeat(5_000),
  ]) {
    expect([forged, (await rig.get("/team/", { Cookie: `${name}=${forged}` })).status]).toEqual([forged, 401]);
  }
  expect((await rig.get("/team/", { Cookie: `a=b; ${cookie}; c` })).status).toBe(200);
});

test("the hashes of tokens alone, as a backup has them, make no session", async () => {
  const rig = new Rig(TEAM);
  const { session } = await signIn(rig, (await give(rig)).text);
  await env.DB.prepare("UPDATE session_key SET key = 'another'").run();
  rig.restart();
  expect((await rig.get("/team/", session)).status).toBe(401);
});

test("isolates that have never seen a session agree on its key", async () => {
  const [one, other] = [new Rig(TEAM, onCloudflare()), new Rig(TEAM, onCloudflare())];
  const sessions = await Promise.all([one, other].map(async (rig) => (await signIn(rig)).session));
  for (const rig of [one, other])
    for (const session of sessions) expect((await rig.get("/-/", session)).status).toBe(200);
});

test.each([
  [{ "Sec-Fetch-Site": "cross-site" }, 403],
  [{ "Sec-Fetch-Site": "same-site" }, 403],
  [{ "Sec-Fetch-Site": "none" }, 403],
  [{ "Sec-Fetch-Site": "cross-site", Origin: "https://edge.test" }, 403],
  [{ "Sec-Fetch-Site": "", Origin: "https://evil.test" }, 403],
  [{ "Sec-Fetch-Site": "", Origin: "null" }, 403],
  [{ "Sec-Fetch-Site": "same-origin", Origin: "https://the.public.name" }, 303],
])("a form that says %o of where it comes from is answered with %i", async (headers, status) => {
  const { "Sec-Fetch-Site": site, ...more } = headers;
  const rig = new Rig(TEAM);
  const said = { ...(site && { "Sec-Fetch-Site": site }), ...more };
  const { response, settled } = await rig.open("/-/sign-in", {
    method: "POST",
    body: new URLSearchParams({ token: ADMIN_TOKEN }).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html", ...said },
  });
  expect([response.status, await response.text()]).toEqual([status, expect.any(String)]);
  await settled();
});

test("behind a proxy that changes the host, the public address counts, and the cookie is for https alone", async () => {
  const rig = new Rig({ ...TEAM, PUBLIC_URL: "https://pypi.example.com" });
  const send = async (origin: string) => {
    const { response, settled } = await rig.open("/-/sign-in", {
      method: "POST",
      body: new URLSearchParams({ token: ADMIN_TOKEN }).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: origin },
    });
    await settled();
    return [response.status, response.headers.get("Set-Cookie")];
  };
  expect(await send("https://pypi.example.com")).toEqual([303, expect.stringMatching(/^__Host-.*; Secure$/)]);
  for (const origin of ["http://pypi.example.com", "https://pypi.example.com:8443", "https://edge.test"])
    expect(await send(origin)).toEqual([403, null]);
});

test("over plain http a token is not taken, but by a server on this machine", async () => {
  const send = async (url: string) => {
    const rig = new Rig({ ...TEAM, PUBLIC_URL: url });
    return signIn(rig);
  };
  const plain = await send("http://pypi.lan");
  expect([plain.status, plain.headers.get("Set-Cookie"), plain.text]).toEqual([
    400,
    null,
    expect.stringContaining("Signing in takes https"),
  ]);
  for (const local of ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787"]) {
    expect((await send(local)).headers.get("Set-Cookie")).toMatch(
      /^pypi-edge=[^;]+; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
  }
  const page = async (headers: Record<string, string>) =>
    (await new Rig({ ...TEAM, PUBLIC_URL: "http://pypi.lan" }).get("/-/sign-in", headers)).text();
  expect(await page({})).toContain("begins with http:");
  expect(await page({ "Sec-Fetch-Site": "none" })).not.toContain("begins with http:");
});

test("no one is led to another server", async () => {
  const rig = new Rig(TEAM);
  const odd = [
    "//evil.test/",
    "https://evil.test/",
    "/\\evil.test",
    "javascript:1",
    "/a\r\nb",
    `/${"x".repeat(1_001)}`,
    "",
  ];
  for (const next of odd) {
    const location = (await signIn(rig, ADMIN_TOKEN, next)).headers.get("Location") ?? "";
    expect([next, new URL(location, "https://edge.test/-/sign-in").origin]).toEqual([next, "https://edge.test"]);
  }
});

test("what a browser with a session was given is kept by no shared cache", async () => {
  const rig = new Rig(TEAM);
  await rig.upstream.publish("demo", [{ filename: "demo-1.0.tar.gz", bytes: new Uint8Array(9) }]);
  const { session } = await signIn(rig);
  for (const path of [
    "/",
    "/simple/demo/",
    "/files/files.upstream.test/packages/demo-1.0.tar.gz",
    "/simple/absent/",
    "/-/",
  ]) {
    const { headers } = await rig.get(path, session);
    const lifetime = headers.get("Cache-Control") ?? "";
    expect([
      path,
      /private|no-store/.test(lifetime),
      headers.has("Cloudflare-CDN-Cache-Control"),
      headers.has("Cache-Tag"),
    ]).toEqual([path, true, false, false]);
  }
});

test("without the database no one is signed in, and that is said", async () => {
  const rig = new Rig(TEAM, { database: DATABASE_AWAY });
  const answer = await signIn(rig);
  expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("storage")]);
});

test("the address takes no other method, and no other kind of body", async () => {
  const rig = new Rig(TEAM);
  expect((await rig.get("/-/sign-in", {}, "DELETE")).status).toBe(405);
  expect((await rig.get("/-/sign-out")).status).toBe(405);
  const json = await sendForm(rig, "/-/sign-in", {}, { "Content-Type": "application/json" });
  expect([json.status, json.text]).toEqual([400, expect.stringContaining("takes the form of a page")]);
  const long = await sendForm(rig, "/-/sign-in", { token: "x".repeat(70_000) });
  expect(long.status).toBe(413);
});

test("a session costs one read of its key in each isolate, and then no more than its token costs", async () => {
  const rig = new Rig(TEAM);
  const token = await give(rig);
  const { session } = await signIn(rig, token.text);
  const cost = async (headers: Record<string, string>) => {
    rig.forget();
    expect((await rig.get("/team/", headers)).status).toBe(200);
    return { ...rig.counts };
  };
  const shown = { Authorization: `Bearer ${token.text}` };
  await cost(shown);
  const usual = (await cost(session))["d1.prepare"] ?? 0;
  expect(usual).toBeLessThanOrEqual((await cost(shown))["d1.prepare"] ?? 0);
  rig.restart();
  await cost(shown);
  await cost(shown);
  expect((await cost(session))["d1.prepare"]).toBe(usual + 1);
});
