import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Attempts, MAX_ATTEMPTS } from "../../worker/auth/attempts.ts";
import { ADMIN_TOKEN, onCloudflare, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

const SECOND = 1_000;
const HOME = "/team/";
const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
const SOMEBODY = "203.0.113.7";

const guess = (at: number) => `pypi-edge_${String(at).padStart(16, "0")}_${"A".repeat(43)}`;

const from = (origin: string, text: string) => ({ ...bearer(text), "CF-Connecting-IP": origin });

let lines: string[];
beforeEach(() => {
  lines = [];
  for (const method of ["log", "warn", "error", "info", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void lines.push(args.map(String).join(" ")));
  }
});
afterEach(() => vi.restoreAllMocks());

/** As many failed attempts as are looked at. */
async function exhaust(rig: Rig, origin = SOMEBODY): Promise<void> {
  for (let at = 0; at < MAX_ATTEMPTS; at++) expect((await rig.get(HOME, from(origin, guess(at)))).status).toBe(401);
}

describe("after twenty failed attempts from one address", () => {
  test("further failed attempts are 429 for the rest of the minute, with Retry-After", async () => {
    const rig = new Rig({ INDEXES });
    const { id } = await give(rig);
    rig.wait(10 * SECOND);
    await rig.get(HOME, from(SOMEBODY, guess(99)));
    rig.wait(20 * SECOND);
    for (let at = 1; at < MAX_ATTEMPTS; at++) await rig.get(HOME, from(SOMEBODY, guess(at)));
    for (const shown of [guess(1), "nonsense", `pypi-edge_${id}_${"A".repeat(43)}`]) {
      const { status, headers, text: body } = await rig.get(HOME, from(SOMEBODY, shown));
      expect([status, headers.get("Retry-After"), headers.get("Cache-Control")]).toEqual([429, "40", "no-store"]);
      expect(body()).toContain("for 40 seconds");
    }
    rig.wait(40 * SECOND - 1);
    expect((await rig.get(HOME, from(SOMEBODY, guess(1)))).status).toBe(429);
    rig.wait(1);
    expect((await rig.get(HOME, from(SOMEBODY, guess(1)))).status).toBe(401);
  });

  test("the holder of a token is let in all the same, cold, warm and in another isolate", async () => {
    const rig = new Rig({ INDEXES });
    const { text } = await give(rig);
    await exhaust(rig);
    expect((await rig.get(HOME, from(SOMEBODY, ADMIN_TOKEN))).status).toBe(200);
    expect((await rig.get(HOME, from(SOMEBODY, text))).status).toBe(200);
    expect((await rig.get(HOME, from(SOMEBODY, text))).status).toBe(200);
    rig.restart();
    await exhaust(rig);
    expect((await rig.get(HOME, from(SOMEBODY, text))).status).toBe(200);
  });

  test.each([
    ["from an address", SOMEBODY],
    ["from nowhere known", ""],
  ])("guesses with a token's id do not lock its holder out: guesses come %s", async (_where, origin) => {
    const rig = new Rig({ INDEXES });
    const { id, text } = await give(rig);
    const wrong = `pypi-edge_${id}_${"A".repeat(43)}`;
    const show = async (shown: string) => (await rig.get(HOME, from(origin, shown))).status;
    for (let times = 0; times < 3 * MAX_ATTEMPTS; times++) await show(wrong);
    expect([await show(wrong), await show(text)]).toEqual([429, 200]);
    rig.restart();
    for (let times = 0; times < MAX_ATTEMPTS; times++) await show(wrong);
    expect([await show(wrong), await show(text)]).toEqual([429, 200]);
  });

  test("guesses at tokens, known and unknown, cost one read of the database together, and malformed tokens none", async () => {
    const rig = new Rig({ INDEXES }, onCloudflare());
    const { id, text } = await give(rig);
    rig.forget();
    for (let at = 0; at < 50; at++) {
      await rig.get(HOME, from(SOMEBODY, `pypi-edge_${id}_${String(at).padStart(43, "A")}`));
      await rig.get(HOME, from(SOMEBODY, guess(at)));
      await rig.get(HOME, from(SOMEBODY, `nonsense ${at}`));
    }
    expect(rig.counts).toEqual({ "d1.prepare": 1, "cache.match": 2, "cache.put": 1 });
    expect((await rig.get(HOME, from(SOMEBODY, text))).status).toBe(200);
  });

  test("other addresses and requests without a token are not limited", async () => {
    const rig = new Rig({ INDEXES });
    await exhaust(rig);
    expect((await rig.get(HOME, from("203.0.113.8", guess(1)))).status).toBe(401);
    expect((await rig.get(HOME, bearer(guess(1)))).status).toBe(401);
    expect((await rig.get(HOME, { "CF-Connecting-IP": SOMEBODY })).status).toBe(401);
  });

  test("without a client address attempts count by token: an expired token limits no other", async () => {
    const rig = new Rig({ INDEXES });
    const { text } = await give(rig);
    for (let times = 0; times < MAX_ATTEMPTS; times++) expect((await rig.get(HOME, bearer(guess(1)))).status).toBe(401);
    expect((await rig.get(HOME, bearer(guess(1)))).status).toBe(429);
    expect((await rig.get(HOME, from("no address at all", guess(1)))).status).toBe(429);
    expect((await rig.get(HOME, bearer(text))).status).toBe(200);
    expect((await rig.get(HOME, bearer("a-word"))).status).toBe(401);
  });

  test("words that are no tokens count as well, expired tokens do not: they were their holder's", async () => {
    const rig = new Rig({ INDEXES });
    const { text } = await give(rig, { expiresAt: rig.now + 1 });
    rig.wait(1);
    for (let times = 0; times < 2 * MAX_ATTEMPTS; times++) {
      expect((await rig.get(HOME, from(SOMEBODY, text))).text()).toContain("expired at");
    }
    for (let times = 0; times < MAX_ATTEMPTS; times++) await rig.get(HOME, from(SOMEBODY, "a-word"));
    expect((await rig.get(HOME, from(SOMEBODY, "a-word"))).status).toBe(429);
  });
});

describe("addresses", () => {
  test.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true],
    ["2001:db8:1:2::1", "2001:DB8:0001:2:3:4:5:6", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["2001:db8::1", "2001:db8:0:0:5::", true],
    ["::1", "::2", true],
    ["::1", "1::", false],
    ["203.0.113.7", "203.0.113.8", false],
  ])("%s and %s are one network: %s", (one, other, isOne) => {
    const attempts = new Attempts();
    for (let times = 0; times < MAX_ATTEMPTS; times++) attempts.countFailure(one, 0);
    expect([attempts.limitedForSeconds(one, 0), attempts.limitedForSeconds(other, 0)]).toEqual([60, isOne ? 60 : 0]);
  });

  test("without number are remembered up to a bound, the oldest forgotten first", () => {
    const attempts = new Attempts();
    const lock = (origin: string) => {
      for (let times = 0; times < MAX_ATTEMPTS; times++) attempts.countFailure(origin, 0);
    };
    lock("first");
    for (let at = 0; at < 4_999; at++) lock(`192.0.2.${at}`);
    expect(attempts.limitedForSeconds("first", 0)).toBe(60);
    lock("one more");
    expect([attempts.limitedForSeconds("first", 0), attempts.limitedForSeconds("one more", 0)]).toEqual([0, 60]);
  });
});

describe("the log", () => {
  test("logs each failure with its address and the token's id, and when the limit is reached", async () => {
    const rig = new Rig({ INDEXES });
    const { id } = await give(rig);
    await rig.get(HOME, from(SOMEBODY, guess(7)));
    await rig.get(HOME, from(SOMEBODY, `pypi-edge_${id}_${"A".repeat(43)}`));
    await rig.get(HOME, bearer("a-word"));
    expect(lines).toEqual([
      `auth-failed: ${SOMEBODY}, token 0000000000000007: it is not known`,
      `auth-failed: ${SOMEBODY}, token ${id}: its secret is wrong`,
      "auth-failed: an unknown address: it is not a token",
    ]);
  });

  test("logs at most twenty lines a minute of one address", async () => {
    const rig = new Rig({ INDEXES });
    const { text } = await give(rig, { expiresAt: rig.now });
    for (let at = 0; at < 50; at++) {
      await rig.get(HOME, from(SOMEBODY, guess(at)));
      await rig.get(HOME, from(SOMEBODY, text));
    }
    expect(lines).toHaveLength(20);
    rig.wait(60 * SECOND);
    await exhaust(rig);
    expect(lines).toHaveLength(40);
    expect(lines.at(-1)).toMatch(/it is not known; for 60 s further ones are answered with 429$/);
  });

  test("never logs a secret, of a valid or an invalid token, in any form", async () => {
    const rig = new Rig({ INDEXES, LOG: "requests" });
    const { text, id } = await give(rig);
    const expired = await give(rig, { expiresAt: rig.now });
    const wrong = `pypi-edge_${id}_${"wrongSecret".repeat(4).slice(0, 43)}`;
    const shown = [text, expired.text, wrong, ADMIN_TOKEN, "some-password"];
    for (const token of shown) {
      const basic = btoa(`ann:${token}`);
      const paths = [HOME, "/team/simple/", "/team/simple/none/", "/-/api/jobs/none", "/-/api/none", "/simple/none/"];
      const inPath = token.startsWith("pypi-edge_") ? [`/simple/${token}/`, `/-/api/tokens/${token}`] : [];
      const asUser = `/simple/http://ann:${encodeURIComponent(token)}@edge.test/simple/`;
      for (const path of [...paths, ...inPath, asUser, `/team/?token=${token}`]) {
        await rig.get(path, bearer(token));
        await rig.get(path, { Authorization: `Basic ${basic}` }, "POST");
        rig.restart();
        rig.breakOnce("d1.prepare");
        await rig.get(path, { Authorization: `Basic ${basic}` });
      }
    }
    expect(lines.join("\n")).toContain("auth-failed");
    expect(lines.join("\n")).toContain("storage-failed: the tokens: ");
    expect(lines.join("\n")).toContain("GET /team/ 200");
    for (const token of shown) {
      const secrets = [token, token.slice(-43), btoa(`ann:${token}`), btoa(`ann:${token}`).slice(8, -4)];
      for (const secret of secrets) expect(lines.join("\n")).not.toContain(secret);
    }
  });
});
