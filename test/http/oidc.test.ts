import { describe, expect, test } from "vitest";
import { AUDIENCE, FakeIssuer, GITHUB, githubJob, mint, post } from "../support/issuer.ts";
import { Rig } from "../support/rig.ts";

const RULE = { issuer: GITHUB, claims: { repository: "acme/tools" }, index: "team", scopes: ["upload"] };
const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };

const trusting = () => new Rig({ INDEXES, TRUSTED: [RULE], AUDIENCE });

describe("/_/oidc/audience", () => {
  test("names the audience of identity tokens, and no cache stores the answer", async () => {
    const rig = trusting();
    const answer = await rig.get("/_/oidc/audience");
    expect([answer.status, JSON.parse(answer.text())]).toEqual([200, { audience: AUDIENCE }]);
    expect(answer.headers.get("Content-Type")).toMatch(/^application\/json/);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
    expect((await rig.get("/_/oidc/audience", {}, "HEAD")).status).toBe(200);
  });

  test("is 404 where there are no trusted publishers, as clients expect", async () => {
    const answer = await new Rig({ AUDIENCE }).get("/_/oidc/audience");
    expect([answer.status, JSON.parse(answer.text())]).toEqual([
      404,
      expect.objectContaining({
        detail: expect.stringMatching(/^Identity tokens are not exchanged here: there is no TRUSTED/),
      }),
    ]);
  });

  test("takes no POST", async () => {
    const answer = await trusting().get("/_/oidc/audience", {}, "POST");
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("/_/oidc/mint-token", () => {
  test("is 404 where there are no trusted publishers", async () => {
    const { status, sentence } = await mint(new Rig(), "a.b.c");
    expect([status, sentence]).toEqual([404, expect.stringMatching(/^Identity tokens are not exchanged here/)]);
  });

  test.each(["GET", "PUT", "DELETE"])("takes no %s", async (method) => {
    const answer = await trusting().get("/_/oidc/mint-token", {}, method);
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
  });

  test.each(["application/json", "application/x-www-form-urlencoded", "text/plain"])(
    "accepts JSON with the type %s, as curl and older clients send it",
    async (type) => {
      const rig = trusting();
      const issuer = await new FakeIssuer(rig).publish("first");
      expect((await mint(rig, await issuer.token(githubJob), { "Content-Type": type })).status).toBe(200);
    },
  );

  test("a refusal has PyPI's members and those of RFC 9457", async () => {
    for (const accept of ["*/*", "text/html", "application/json", ""]) {
      const rig = trusting();
      const issuer = await new FakeIssuer(rig).publish("first");
      const token = await issuer.token({ ...githubJob, repository: "acme/other" });
      const { status, headers, json } = await mint(rig, token, { Accept: accept });
      const sentence =
        'This identity token is valid, but no TRUSTED rule matches it. The closest is TRUSTED.0: repository is "acme/other", expected "acme/tools".';
      expect(json).toEqual({
        type: "about:blank",
        title: "Not allowed",
        status: 403,
        detail: sentence,
        message: "Not allowed",
        errors: [{ code: "not-allowed", description: sentence }],
      });
      expect([status, headers.get("Content-Type"), headers.get("Cache-Control")]).toEqual([
        403,
        "application/problem+json",
        "no-store",
      ]);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    }
  });

  test.each([
    "",
    "x",
    "[]",
    "null",
    "7",
    '"token"',
    "{}",
    '{"token":7}',
    '{"token":null}',
    '{"token":["a"]}',
    '{"Token":"a.b.c"}',
    '{"__proto__":{"token":"a.b.c"}}',
    '{"token":"a.b.c"',
    "token=a.b.c",
    "\u0000",
  ])("the body %j is refused with a sentence that shows the right one", async (body) => {
    const { status, sentence, json } = await post(trusting(), body);
    expect([status, json.errors?.[0]?.code]).toEqual([422, "unprocessable"]);
    expect(sentence).toBe('The body must be JSON, {"token": "…"} with the identity token that the CI gives the job.');
  });

  test("bytes that are no text are refused", async () => {
    expect((await post(trusting(), new Uint8Array([0xff, 0xfe, 0x00]))).status).toBe(422);
  });

  test("a body of 64 KiB is read, and one of a byte more is not", async () => {
    const around = JSON.stringify({ token: "" }).length;
    expect((await mint(trusting(), "x".repeat(64 * 1024 - around))).sentence).toMatch(/^The token is not a JWT/);
    const body = JSON.stringify({ token: "x".repeat(64 * 1024 - around + 1) });
    for (const headers of [{}, { "Content-Length": String(body.length) }]) {
      const { status, sentence, json } = await post(trusting(), body, headers);
      expect([status, json.errors?.[0]?.code]).toEqual([413, "too-large"]);
      expect(sentence).toBe("The body is larger than 64 KiB, and no token is.");
    }
  });

  test("a body that does not end is not read to its end", async () => {
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks++;
        controller.enqueue(new Uint8Array(16 * 1024));
      },
    });
    expect((await post(trusting(), endless)).status).toBe(413);
    expect(chunks).toBeLessThan(8);
  });

  test("has one address for all indexes", async () => {
    const { response, settled } = await trusting().open("/team/_/oidc/mint-token", { method: "POST", body: "{}" });
    await response.text();
    await settled();
    expect(response.status).toBe(405);
    expect((await trusting().get("/_/oidc/other")).status).toBe(404);
  });
});
