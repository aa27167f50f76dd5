import { afterEach, describe, expect, test, vi } from "vitest";
import { AUDIENCE, FakeIssuer, GITHUB, githubJob, mint, pairOf } from "../support/issuer.ts";
import { Rig } from "../support/rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const rule = (issuer: string = GITHUB) => ({
  issuer,
  claims: { repository: "acme/tools" },
  index: "team",
  scopes: ["upload"],
});

async function github(url?: string) {
  const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
  const rig = new Rig({ INDEXES, TRUSTED: [rule(url)], AUDIENCE });
  const issuer = await new FakeIssuer(rig, url).publish("first");
  const exchange = async (kid?: string) => {
    const { status, sentence, headers } = await mint(rig, await issuer.token(githubJob, {}, kid));
    return { status, sentence, headers };
  };
  return { rig, issuer, exchange };
}

/** Too slow an answer, without waiting for it. */
afterEach(() => void vi.useRealTimers());

describe("an issuer's keys", () => {
  test("are asked for again after ten minutes", async () => {
    const { rig, exchange } = await github();
    await exchange();
    rig.forget();
    rig.wait(10 * MINUTE - 1);
    expect([(await exchange()).status, rig.upstream.requests.length]).toEqual([200, 0]);
    rig.wait(1);
    expect([(await exchange()).status, rig.upstream.requests.length]).toEqual([200, 2]);
  });

  test("that are withdrawn are good for ten minutes at most", async () => {
    const { rig, issuer, exchange } = await github();
    await exchange();
    await issuer.publish("second");
    rig.wait(10 * MINUTE);
    expect((await exchange()).sentence).toContain(`signed with the key "first", which ${GITHUB} does not have`);
  });

  test("that are new are asked for when they are first met", async () => {
    const { rig, issuer, exchange } = await github();
    await exchange();
    await issuer.publish("first", "second");
    rig.wait(MINUTE);
    rig.forget();
    expect([(await exchange("second")).status, rig.upstream.requests.length]).toEqual([200, 2]);
    expect([(await exchange("first")).status, rig.upstream.requests.length]).toEqual([200, 2]);
  });

  test("that it does not have are fetched once a minute, however many tokens name them", async () => {
    const { rig, exchange } = await github();
    await exchange();
    rig.forget();
    for (const kid of ["a", "b", "c"]) {
      const { status, sentence } = await exchange(kid);
      expect([status, sentence]).toEqual([403, expect.stringContaining(`signed with the key "${kid}"`)]);
    }
    expect(rig.upstream.requests).toEqual([]);
    rig.wait(MINUTE);
    for (const kid of ["d", "e"]) await exchange(kid);
    expect(rig.upstream.requests).toHaveLength(2);
  });

  test("of one name and two kinds are told apart by their algorithm", async () => {
    const { rig, issuer, exchange } = await github();
    const [one, other] = await Promise.all([pairOf("first"), pairOf("curve", "ES256")]);
    const keys = [{ ...other.jwk, kid: "first" }, one.jwk];
    rig.upstream.on(issuer.jwks, () => Response.json({ keys }));
    expect((await exchange()).status).toBe(200);
  });

  test("may be at another host, such as Google's are", async () => {
    const { rig, issuer, exchange } = await github();
    const { jwk } = await pairOf("first");
    issuer.describe({ issuer: GITHUB, jwks_uri: "https://keys.example/all" });
    rig.upstream.on("https://keys.example/all", () => Response.json({ keys: [jwk] }));
    expect((await exchange()).status).toBe(200);
  });

  test("of a host in a private network may be fetched over plain http", async () => {
    const { exchange } = await github("http://10.0.0.8:8080");
    expect((await exchange()).status).toBe(200);
  });

  test("are the good ones among those that it has", async () => {
    const { rig, issuer, exchange } = await github();
    const { jwk } = await pairOf("first");
    const odd = [null, 7, "key", [], {}, { kty: 7 }, { kty: "oct", k: "c2VjcmV0", kid: "first", alg: "RS256" }];
    rig.upstream.on(issuer.jwks, () => Response.json({ keys: [...odd, { ...jwk, x5c: ["x"] }], other: 1 }));
    expect((await exchange()).status).toBe(200);
  });
});

describe("keys that cannot be fetched are a 503, and not a fault of the token", () => {
  const huge = () => Response.json({ keys: [], filler: "x".repeat(300_000) });
  const text = (body: string) => () => new Response(body);

  test.each<[string, () => Response, RegExp]>([
    ["an error", () => new Response("x", { status: 500 }), /it answered 500/],
    ["a refusal", () => new Response("x", { status: 403 }), /it answered 403/],
    [
      "nothing",
      () => new Response("x", { status: 404 }),
      /it has nothing at \/\.well-known\/jwks, which is needed to find its keys/,
    ],
    [
      "a redirect",
      () => Response.redirect("https://evil.test/jwks"),
      /it answered with a redirect, which is not followed/,
    ],
    [
      "a redirect to itself",
      () => Response.redirect(`${GITHUB}/other`),
      /it answered with a redirect, which is not followed/,
    ],
    ["a page", text("<html>log in</html>"), /its document at \/\.well-known\/jwks is not as OpenID Connect requires/],
    ["no bytes", text(""), /is not as OpenID Connect requires/],
    ["half of it", text('{"keys":[{"kty":"RSA"'), /is not as OpenID Connect requires/],
    ["a list", text("[]"), /is not as OpenID Connect requires/],
    ["null", text("null"), /is not as OpenID Connect requires/],
    ["keys that are no list", text('{"keys":{}}'), /is not as OpenID Connect requires/],
    ["no keys", text('{"keys":[]}'), /it has no public keys/],
    ["only a secret", text('{"keys":[{"kty":"oct","k":"x","kid":"first"}]}'), /it has no public keys/],
    [
      "too many keys",
      () => Response.json({ keys: Array.from({ length: 101 }, () => ({ kty: "RSA" })) }),
      /is not as OpenID Connect requires/,
    ],
    ["too much", huge, /its answer is larger than 0\.25 MiB/],
  ])("%s", async (_what, answer, reason) => {
    const { rig, issuer, exchange } = await github();
    rig.upstream.on(issuer.jwks, answer);
    const { status, sentence, headers } = await exchange();
    expect([status, headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(sentence).toMatch(
      /^This identity token cannot be verified: the keys of https:\/\/token\.actions\.githubusercontent\.com cannot be fetched right now \(.*\)\. Try again in a minute\.$/,
    );
    expect(sentence).toMatch(reason);
    expect(rig.upstream.requests.filter((it) => !it.startsWith(`GET ${GITHUB}/.well-known/`))).toEqual([]);
    await issuer.publish("first");
    expect((await exchange()).status).toBe(200);
  });

  test.each<[string, unknown, RegExp]>([
    [
      "is that of another",
      { issuer: "https://evil.test", jwks_uri: `${GITHUB}/.well-known/jwks` },
      /names another issuer: "https:\/\/evil\.test"/,
    ],
    [
      "is that of nearly the same",
      { issuer: `${GITHUB}/`, jwks_uri: `${GITHUB}/.well-known/jwks` },
      /openid-configuration names another issuer/,
    ],
    ["names no keys", { issuer: GITHUB }, /is not as OpenID Connect requires/],
    ["names keys over plain http", { issuer: GITHUB, jwks_uri: "http://keys.example/jwks" }, /may not be fetched/],
    ["names keys in our network", { issuer: GITHUB, jwks_uri: "https://10.0.0.1/jwks" }, /may not be fetched/],
    ["names keys on this machine", { issuer: GITHUB, jwks_uri: "https://localhost/jwks" }, /may not be fetched/],
    ["names keys in no place", { issuer: GITHUB, jwks_uri: "jwks" }, /may not be fetched/],
    [
      "names keys that are data",
      { issuer: GITHUB, jwks_uri: 'data:application/json,{"keys":[]}' },
      /may not be fetched/,
    ],
    ["is no table", [{}], /is not as OpenID Connect requires/],
  ])("a configuration that %s", async (_what, configuration, reason) => {
    const { rig, issuer, exchange } = await github();
    issuer.describe(configuration);
    const { status, sentence } = await exchange();
    expect([status, sentence]).toEqual([503, expect.stringMatching(reason)]);
    expect(rig.upstream.requests).toEqual([`GET ${issuer.configuration}`]);
  });

  test("plain http within one's own network leads to no other", async () => {
    const { issuer, exchange } = await github("http://10.0.0.8:8080");
    issuer.describe({ issuer: "http://10.0.0.8:8080", jwks_uri: "http://keys.example/jwks" });
    expect((await exchange()).sentence).toContain("at an address that may not be fetched");
  });

  test("no answer at all", async () => {
    const { rig, issuer } = await github();
    rig.upstream.on(issuer.configuration, (request) => hanging(request.signal));
    const token = await issuer.token(githubJob);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answer = mint(rig, token);
    await vi.advanceTimersByTimeAsync(8_000);
    expect((await answer).sentence).toContain("no answer within 8 s");
  });

  test("an answer that does not end", async () => {
    const { rig, issuer } = await github();
    rig.upstream.on(issuer.jwks, () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })));
    const token = await issuer.token(githubJob);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answer = mint(rig, token);
    await vi.advanceTimersByTimeAsync(14_000);
    expect((await answer).sentence).toContain("its answer took longer than 6 s");
  });

  test("a key that no algorithm can use", async () => {
    const { rig, issuer, exchange } = await github();
    const { jwk } = await pairOf("first");
    for (const bad of [{ n: "AAAA" }, { n: undefined }, { e: "" }]) {
      rig.restart();
      rig.upstream.on(issuer.jwks, () => Response.json({ keys: [{ ...jwk, ...bad }] }));
      const { status, sentence } = await exchange();
      expect([status, sentence]).toEqual([503, expect.stringContaining("the key that the token names cannot be used")]);
    }
  });
});

describe("while an issuer is away", () => {
  test("keys fetched before are used for six hours, and the issuer is asked once a minute", async () => {
    const { rig, exchange } = await github();
    await exchange();
    rig.upstream.down = true;
    rig.forget();
    rig.wait(10 * MINUTE);
    for (let again = 0; again < 3; again++) expect((await exchange()).status).toBe(200);
    expect(rig.upstream.requests).toHaveLength(3);
    rig.wait(6 * HOUR - 10 * MINUTE - 1);
    expect((await exchange()).status).toBe(200);
    rig.wait(1);
    expect(await exchange()).toMatchObject({ status: 503, sentence: expect.stringContaining("cannot be verified") });
    rig.upstream.down = false;
    rig.wait(MINUTE);
    expect((await exchange()).status).toBe(200);
  });

  test("a key that is not known is no reason to refuse a token", async () => {
    const { rig, issuer, exchange } = await github();
    await exchange();
    rig.wait(MINUTE);
    rig.upstream.down = true;
    for (let again = 0; again < 2; again++) expect((await exchange("second")).status).toBe(503);
    rig.upstream.down = false;
    await issuer.publish("first", "second");
    rig.wait(MINUTE);
    expect((await exchange("second")).status).toBe(200);
  });
});

/** What never comes, until whoever waits for it gives up. */
const hanging = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
