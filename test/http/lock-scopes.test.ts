import { describe, expect, test } from "vitest";
import type { Scope } from "../../schema/token.ts";
import { packaged, uvLock } from "../support/locked.ts";
import { teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

const ROUTES = ["warm", "wheelhouse"] as const;

/** An index `team` over the default one, whose upstream has a package, and a lock of it. */
async function furnished() {
  const rig = new Rig(teamOf({}));
  const { name, wheel } = await packaged("demo");
  await rig.upstream.publish(name, [wheel]);
  rig.meanwhile = () => rig.deliver();
  return { rig, lock: await uvLock([{ name, files: [wheel] }]) };
}

/** Sends a lock with a token of this index and scope; the status and the text of the answer. */
async function ask(path: string, grant: { readonly index: string; readonly scopes: readonly Scope[] }) {
  const { rig, lock } = await furnished();
  const { text } = await give(rig, grant);
  const { response, settled } = await rig.open(path, { method: "POST", body: lock, headers: bearer(text) });
  const body = new TextDecoder().decode(await response.arrayBuffer());
  await settled();
  return [response.status, body] as const;
}

describe("the scope that is needed", () => {
  test.each([
    ["warm", "read", 403],
    ["warm", "upload", 403],
    ["warm", "warm", 200],
    ["warm", "admin", 200],
    ["wheelhouse", "warm", 403],
    ["wheelhouse", "upload", 403],
    ["wheelhouse", "read", 200],
    ["wheelhouse", "admin", 200],
  ] as const)("for a %s: a token with %s is answered %i", async (route, scope, status) => {
    const [got, text] = await ask(`/-/api/${route}?filename=uv.lock&index=team`, { index: "team", scopes: [scope] });
    expect(got).toBe(status);
    expect(text.includes(`may not ${route === "warm" ? "warm" : "read"} team`)).toBe(status === 403);
  });

  test.each(ROUTES)("for a %s is needed on the index that is named", async (route) => {
    const grant = { index: "team", scopes: ["read", "warm"] } as const;
    for (const index of ["default", "none"]) {
      const [status, text] = await ask(`/-/api/${route}?filename=uv.lock&index=${index}`, grant);
      expect([status, text]).toEqual([403, expect.stringContaining(`${index}: it is for read, warm on team`)]);
    }
  });
});

describe("the index that a lock is for", () => {
  const grant = { index: "team", scopes: ["read", "warm"] } as const;

  test.each(ROUTES)("of a %s is the token's, where none is named", async (route) => {
    expect((await ask(`/-/api/${route}?filename=uv.lock`, grant))[0]).toBe(200);
    const { rig } = await furnished();
    const { text } = await give(rig, grant);
    const answer = await rig.post(`${route}?filename=requirements.txt`, "nope==1.0\n", bearer(text));
    expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining("https://edge.test/team/simple/")]);
  });

  test.each(ROUTES)("of a %s is the default one for a token of every index", async (route) => {
    const { rig } = await furnished();
    const { text } = await give(rig, { ...grant, index: "*" });
    const answer = await rig.post(`${route}?filename=requirements.txt`, "nope==1.0\n", bearer(text));
    expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining("https://edge.test/simple/")]);
  });

  test.each(ROUTES)("of a %s can be in the address", async (route) => {
    expect((await ask(`/team/-/api/${route}?filename=uv.lock`, grant))[0]).toBe(200);
    const [status, text] = await ask(`/team/-/api/${route}?filename=uv.lock&index=team`, grant);
    expect([status, text]).toEqual([400, expect.stringContaining('"index" is not a parameter')]);
    expect((await ask(`/team/-/api/${route}?filename=uv.lock`, { ...grant, index: "default" }))[0]).toBe(403);
  });

  test("is asked for with Bearer in an index's own API, too", async () => {
    const { response, settled } = await new Rig(teamOf({})).open("/team/-/api/warm", { method: "POST", body: "x" });
    await response.text();
    await settled();
    expect([response.status, response.headers.get("WWW-Authenticate")]).toEqual([401, 'Bearer realm="pypi-edge"']);
  });
});
