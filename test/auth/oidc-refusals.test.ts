import { env } from "cloudflare:workers";
import { base64url } from "jose";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  AUDIENCE,
  FakeIssuer,
  GITHUB,
  GITLAB,
  githubJob,
  gitlabJob,
  goodClaims,
  mint,
  pairOf,
  written,
} from "../support/issuer.ts";
import { Rig } from "../support/rig.ts";

const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };

const RULE = {
  issuer: GITHUB,
  claims: { repository: "acme/tools", repository_owner_id: "7", environment: "release", ref: "refs/tags/v*" },
  index: "team",
  scopes: ["upload"],
};

async function github(rules: readonly unknown[] = [RULE]) {
  const rig = new Rig({ INDEXES, TRUSTED: rules, AUDIENCE });
  return { rig, issuer: await new FakeIssuer(rig).publish("first") };
}

const seconds = (rig: Rig) => rig.now / 1_000;

/** Nothing was made and nothing was written down. */
async function expectNothing() {
  const counts = "SELECT (SELECT count(*) FROM token) AS tokens, (SELECT count(*) FROM audit) AS deeds";
  expect(await env.DB.prepare(counts).first()).toEqual({ tokens: 0, deeds: 0 });
}

describe("a claim that does not fit is named, with what was expected and what came", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["another repository", { repository: "acme/other" }, 'repository is "acme/other", expected "acme/tools"'],
    ["another case", { repository: "Acme/Tools" }, 'repository is "Acme/Tools", expected "acme/tools"'],
    ["more behind it", { repository: "acme/tools2" }, 'repository is "acme/tools2", expected "acme/tools"'],
    ["more before it", { repository: "evil/acme/tools" }, 'repository is "evil/acme/tools", expected "acme/tools"'],
    ["a line end behind it", { repository: "acme/tools\n" }, 'repository is "acme/tools\\n", expected "acme/tools"'],
    ["no environment", { environment: undefined }, 'environment is nothing, expected "release"'],
    ["an owner with another id", { repository_owner_id: "8" }, 'repository_owner_id is "8", expected "7"'],
    ["a branch", { ref: "refs/heads/main" }, 'ref is "refs/heads/main", expected "refs/tags/v*"'],
    ["a list", { repository: ["acme/tools"] }, 'repository is "[\\"acme/tools\\"]", expected "acme/tools"'],
    ["null", { environment: null }, 'environment is "null", expected "release"'],
    ["control characters", { ref: "refs/tags/v\u001b[2J" }, 'ref is "refs/tags/v\\u001b[2J", expected'],
    ["what would turn the line around", { ref: "refs/tags/v\u202e1" }, 'ref is "refs/tags/v\\u202e1", expected'],
    ["a long text", { environment: "x".repeat(5_000) }, `environment is "${"x".repeat(120)}...", expected "release"`],
  ])("%s", async (_what, claims, fault) => {
    const { rig, issuer } = await github();
    const { status, sentence, json } = await mint(rig, await issuer.token({ ...githubJob, ...claims }));
    expect([status, json.token]).toEqual([403, undefined]);
    expect(sentence).toMatch(
      /^This identity token is valid, but no TRUSTED rule matches it\. The closest is TRUSTED\.0: /,
    );
    expect(sentence).toContain(fault);
    expect(sentence.match(/, expected "/g)).toHaveLength(1);
    await expectNothing();
  });

  test("a number is compared by how JSON writes it", async () => {
    const { rig, issuer } = await github();
    expect((await mint(rig, await issuer.token({ ...githubJob, repository_owner_id: 7 }))).status).toBe(200);
    const { sentence } = await mint(rig, await issuer.token({ ...githubJob, repository_owner_id: 70 }));
    expect(sentence).toContain('repository_owner_id is "70", expected "7"');
  });

  test("several are all named, of the rule that comes closest", async () => {
    const far = { ...RULE, claims: { repository: "acme/x", environment: "y", ref: "z", actor: "w" } };
    const { rig, issuer } = await github([far, RULE, far]);
    const { sentence } = await mint(rig, await issuer.token({ ...githubJob, environment: "dev", ref: "refs/heads/x" }));
    expect(sentence).toContain(
      'TRUSTED.1: environment is "dev", expected "release"; ref is "refs/heads/x", expected "refs/tags/v*".',
    );
  });

  test("only the rules of the token's own issuer count", async () => {
    const other = { ...RULE, issuer: GITLAB, claims: { project_path: "acme/tools", repository: "acme/other" } };
    const { rig, issuer } = await github([other, RULE]);
    const { sentence } = await mint(rig, await issuer.token({ ...githubJob, repository: "acme/other" }));
    expect(sentence).toContain("TRUSTED.1: repository is");
  });

  test("a job of another owner of a shared issuer learns which claims came, and not which are expected", async () => {
    const { rig, issuer } = await github();
    const stranger = { ...githubJob, sub: "repo:evil/x:y", repository: "evil/x", repository_owner: "evil" };
    const { sentence } = await mint(rig, await issuer.token({ ...stranger, repository_owner_id: "666" }));
    expect(sentence).toContain('repository is "evil/x", but another value is expected');
    expect(sentence).not.toMatch(/acme|release|refs/);
  });

  test("names that objects are born with are claims like any other", async () => {
    const { rig, issuer } = await github([
      { ...RULE, claims: { repository: "acme/tools", constructor: "x", toString: "y" } },
    ]);
    const { sentence } = await mint(rig, await issuer.token(githubJob));
    expect(sentence).toContain('constructor is nothing, expected "x"; toString is nothing, expected "y"');
    const named = `{"__proto__":{"constructor":"x","toString":"y"},${JSON.stringify(goodClaims(rig)).slice(1)}`;
    const { privateKey } = await pairOf("first");
    const header = base64url.encode(JSON.stringify({ alg: "RS256", kid: "first" }));
    const signed = `${header}.${base64url.encode(named)}`;
    const bytes = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, new TextEncoder().encode(signed));
    const again = await mint(rig, `${signed}.${base64url.encode(new Uint8Array(bytes))}`);
    expect(again.sentence).toContain('constructor is nothing, expected "x"');
    await expectNothing();
  });
});

const GOOD = /^200 $/;

describe("times may be a minute off, and not more", () => {
  test.each<[string, (now: number) => Record<string, unknown>, RegExp]>([
    ["expired 59 s ago", (now) => ({ exp: now - 59 }), GOOD],
    [
      "expired a minute ago",
      (now) => ({ exp: now - 60 }),
      /^403 This identity token is not accepted: it expired \(exp\) at 2026-11-22T11:59:00\.000Z; it is 2026-11-22T12:00:00/,
    ],
    ["good in a minute", (now) => ({ nbf: now + 60 }), GOOD],
    [
      "good in 61 s",
      (now) => ({ nbf: now + 61 }),
      /^403 This identity token is not accepted: it is not good before \(nbf\) 2026-11-22T12:01:01\.000Z; it is 2026-11-22T12:00:00/,
    ],
    ["issued in a minute", (now) => ({ iat: now + 60 }), GOOD],
    [
      "issued in 61 s",
      (now) => ({ iat: now + 61 }),
      /^403 This identity token is not accepted: it was issued \(iat\) in the future, at 2026-11-22T12:01:01/,
    ],
    ["issued 61 minutes ago", (now) => ({ iat: now - 3_660 }), GOOD],
    [
      "issued longer ago",
      (now) => ({ iat: now - 3_661 }),
      /^403 This identity token is not accepted: it was issued \(iat\) at .*Z here, and may be 60 minutes old/,
    ],
    ["without an end", () => ({ exp: undefined }), /^403 This identity token is not accepted: it has no exp claim\.$/],
    ["without a beginning", () => ({ nbf: undefined }), GOOD],
    ["without a date", () => ({ iat: undefined }), /^403 This identity token is not accepted: it has no iat claim\.$/],
    [
      "with a text for an end",
      () => ({ exp: "2030-01-01" }),
      /^403 This identity token is not accepted: its exp claim is "2030-01-01", and must be a number of seconds\.$/,
    ],
    [
      "with null for an end",
      () => ({ exp: null }),
      /^403 This identity token is not accepted: its exp claim is "null", and must be a number/,
    ],
    [
      "with a text for a beginning",
      () => ({ nbf: "now" }),
      /^403 This identity token is not accepted: its nbf claim is "now"/,
    ],
    [
      "with an end that no date has",
      () => ({ exp: -1e300 }),
      /^403 This identity token is not accepted: it expired \(exp\) at -1e\+300; it is/,
    ],
  ])("%s", async (_what, claims, outcome) => {
    const { rig, issuer } = await github();
    const { status, sentence } = await mint(rig, await issuer.token({ ...githubJob, ...claims(seconds(rig)) }));
    expect(`${status} ${sentence}`).toMatch(outcome);
  });
});

describe("a token is for us and of an issuer that is trusted, letter by letter", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["for PyPI", { aud: "pypi" }, /: it is meant for \(aud\) "pypi", and must be for "pypi\.acme\.example"\.$/],
    ["for a name that begins as ours", { aud: `${AUDIENCE}.evil.test` }, /it is meant for \(aud\)/],
    ["for others", { aud: ["pypi", "npm"] }, /\(aud\) "\[\\"pypi\\",\\"npm\\"\]", and must be for/],
    ["for no audience", { aud: undefined }, /: it has no aud claim\.$/],
    ["for what is no name", { aud: { [AUDIENCE]: true } }, /it is meant for \(aud\)/],
    ["about no subject", { sub: undefined }, /: it has no sub claim\.$/],
    ["about a number", { sub: 7 }, /: its subject \(sub\) is "7", and must be a text\.$/],
  ])("%s", async (_what, claims, sentence) => {
    const { rig, issuer } = await github();
    const answer = await mint(rig, await issuer.token({ ...githubJob, ...claims }));
    expect([answer.status, answer.sentence]).toEqual([403, expect.stringMatching(sentence)]);
    await expectNothing();
  });

  test("one that is for others as well is for us", async () => {
    const { rig, issuer } = await github();
    expect((await mint(rig, await issuer.token({ ...githubJob, aud: ["x", AUDIENCE] }))).status).toBe(200);
  });

  test.each([
    `${GITHUB}/`,
    `${GITHUB}.evil.test`,
    "https://TOKEN.actions.githubusercontent.com",
    "http://token.actions.githubusercontent.com",
    `${GITHUB}:443`,
    `${GITHUB}/evil`,
    `${GITHUB}\n`,
    ` ${GITHUB}`,
    GITLAB,
    "__proto__",
    "",
    undefined,
    7,
    [GITHUB],
  ])("issuer %j is not trusted, and no request is sent for it", async (iss) => {
    const { rig, issuer } = await github();
    const { status, sentence } = await mint(rig, await issuer.token({ ...githubJob, iss }));
    expect([status, rig.upstream.requests]).toEqual([403, []]);
    expect(sentence).toMatch(/its issuer \(iss\) is .*, and no TRUSTED rule has exactly this issuer\.$/);
  });

  test("a key of one issuer signs nothing for another", async () => {
    const gitlabRule = { ...RULE, issuer: GITLAB, claims: { project_path: "acme/*" } };
    const { rig, issuer } = await github([RULE, gitlabRule]);
    const gitlab = await new FakeIssuer(rig, GITLAB).publish("second");
    expect((await mint(rig, await gitlab.token(gitlabJob, {}, "second"))).status).toBe(200);
    const forged = await issuer.token({ ...gitlabJob, iss: GITLAB }, { kid: "second" });
    expect((await mint(rig, forged)).sentence).toContain(`its signature is not one of ${GITLAB}`);
  });
});

describe("a token stays its holder's", () => {
  afterEach(() => vi.restoreAllMocks());

  test("no answer and no line of the log has any of it", async () => {
    const lines: unknown[] = [];
    for (const level of ["log", "warn", "error", "info"] as const) {
      vi.spyOn(console, level).mockImplementation((...told: unknown[]) => void lines.push(...told));
    }
    const { rig, issuer } = await github();
    const tokens = [
      await issuer.token(githubJob),
      await issuer.token({ ...githubJob, repository: "acme/other" }),
      await issuer.token({ ...githubJob, exp: 1 }),
      await issuer.token(githubJob, { kid: "first" }, "forger"),
      written({ alg: "none" }, goodClaims(rig), "c2lnbmF0dXJl"),
    ];
    for (const token of tokens) {
      const { json, status } = await mint(rig, token);
      const told = JSON.stringify([status === 200 ? null : json, lines.map(String)]);
      for (const part of token.split(".")) expect(told).not.toContain(part);
    }
    expect(lines.map(String).filter((line) => line.startsWith("auth-failed: an identity token from"))).toHaveLength(4);
  });
});
