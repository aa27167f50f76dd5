import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { TEAM } from "../support/hosted.ts";
import { onCloudflare, Rig } from "../support/rig.ts";
import { FROM_HERE, sendForm, signIn } from "../support/signed-in.ts";
import { give } from "../support/tokens.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

type Session = Awaited<ReturnType<typeof signIn>>["session"];

/** Signs in at a moment of its own. */
async function signedIn(rig: Rig, token?: string): Promise<Session> {
  rig.wait(SECOND);
  return (await signIn(rig, token)).session;
}

const read = async (rig: Rig, session: Session) => (await rig.get("/team/", session)).status;

const signOut = (rig: Rig, session: Session, fields = {}) => sendForm(rig, "/-/sign-out", fields, session);

const rows = async () =>
  (await env.DB.prepare("SELECT token, opened_at, is_all FROM ended_session ORDER BY 1, 2").all()).results;

test("who signs out ends that sign-in for whoever has a copy of its cookie, and no other", async () => {
  const rig = new Rig(TEAM);
  const { text } = await give(rig, { expiresAt: rig.now + HOUR });
  for (const token of [text, undefined]) {
    const [one, other] = [await signedIn(rig, token), await signedIn(rig, token)];
    expect([await read(rig, one), await read(rig, other)]).toEqual([200, 200]);
    expect((await signOut(rig, one)).status).toBe(303);
    expect([await read(rig, one), await read(rig, other)]).toEqual([401, 200]);
    expect((await rig.get("/-/sign-in", one)).text()).toContain("Your sign-in is over");
  }
});

test("all browsers with a token can be signed out at once, and sign in anew", async () => {
  const rig = new Rig(TEAM);
  const [token, another] = [await give(rig), await give(rig)];
  const ended = [await signedIn(rig, token.text), await signedIn(rig, token.text)] as const;
  const kept = [await signedIn(rig, another.text), await signedIn(rig)];
  expect((await rig.get("/-/sign-in", ended[0])).text()).toContain('name="everywhere"');
  await signOut(rig, ended[0], { everywhere: "yes" });
  const later = await signedIn(rig, token.text);
  expect(await Promise.all([...ended, ...kept, later].map((each) => read(rig, each)))).toEqual([
    401, 401, 200, 200, 200,
  ]);
});

test("a sign-out is answered once no isolate takes the session", async () => {
  const platform = onCloudflare();
  const [one, other] = [new Rig(TEAM, platform), new Rig(TEAM, platform)];
  const session = await signedIn(one, (await give(one)).text);
  other.now = one.now;
  expect([await read(one, session), await read(other, session)]).toEqual([200, 200]);
  await signOut(one, session);
  other.now = one.now;
  expect([await read(one, session), await read(other, session)]).toEqual([401, 401]);
});

test("a session costs no read of the database while what was read is young", async () => {
  const rig = new Rig(TEAM, onCloudflare());
  const session = await signedIn(rig, (await give(rig)).text);
  await read(rig, session);
  rig.forget();
  expect([await read(rig, session), rig.counts["d1.prepare"]]).toEqual([200, undefined]);
});

test("only who has the session ends it, by a form of this server, and the second time does nothing", async () => {
  const rig = new Rig(TEAM);
  const session = await signedIn(rig, (await give(rig)).text);
  const [, opened = ""] = session.Cookie.split(".");
  const forged = { Cookie: `__Host-pypi-edge=admin.${opened}.${"A".repeat(43)}` };
  expect((await signOut(rig, forged, { everywhere: "yes" })).status).toBe(303);
  for (const from of ["cross-site", "same-site", "none"])
    expect((await sendForm(rig, "/-/sign-out", {}, { ...session, "Sec-Fetch-Site": from })).status).toBe(403);
  expect([await rows(), await read(rig, session)]).toEqual([[], 200]);
  for (let n = 0; n < 2; n++) expect((await signOut(rig, session)).status).toBe(303);
  expect(await rows()).toHaveLength(1);
  expect((await sendForm(rig, "/-/sign-out", {}, FROM_HERE)).status).toBe(303);
});

test("where the sign-out cannot be stored, that is said, and the browser stays signed in", async () => {
  const rig = new Rig(TEAM);
  const session = await signedIn(rig, (await give(rig)).text);
  await read(rig, session);
  rig.breakOnce("d1.batch");
  const answer = await signOut(rig, session);
  expect([answer.status, answer.headers.get("Set-Cookie")]).toEqual([503, null]);
  expect(await read(rig, session)).toBe(200);
  await signOut(rig, session);
  expect(await read(rig, session)).toBe(401);
});

test("what is stored of ended sessions is forgotten when they would be over, and does not grow without end", async () => {
  const rig = new Rig(TEAM);
  const token = await give(rig);
  const kept = await signedIn(rig, token.text);
  await env.DB.prepare(
    "INSERT INTO ended_session SELECT ?1, ?2 - value, 0 FROM (SELECT key + 1 AS value FROM json_each(?3))",
  )
    .bind(token.id, rig.now, JSON.stringify(Array.from({ length: 99 }, () => 0)))
    .run();
  await signOut(rig, await signedIn(rig, token.text));
  expect([(await rows()).length, await read(rig, kept)]).toEqual([100, 200]);
  await signOut(rig, await signedIn(rig, token.text));
  expect([await rows(), await read(rig, kept)]).toEqual([[{ token: token.id, opened_at: rig.now, is_all: 1 }], 401]);
  rig.wait(8 * HOUR);
  await signOut(rig, await signedIn(rig));
  expect(await rows()).toEqual([{ token: "admin", opened_at: rig.now, is_all: 0 }]);
});
