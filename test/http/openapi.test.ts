import { describe, expect, test } from "vitest";
import description from "../../schema/openapi.json" with { type: "json" };
import { faultsOf } from "../support/described.ts";
import { withPolicy } from "../support/guarded.ts";
import { Rig } from "../support/rig.ts";
import { answeringRoutes } from "../support/routes.ts";

const { paths } = description as unknown as { readonly paths: Readonly<Record<string, object>> };

const METHODS = new Set(["get", "post", "put", "delete"]);

/** `POST /-/api/tokens/{}`: without the names of parameters. */
const described = Object.entries(paths).flatMap(([path, item]) =>
  Object.keys(item).flatMap((method) =>
    METHODS.has(method) ? [`${method.toUpperCase()} ${path.replace(/\{\w+\}/g, "{}")}`] : [],
  ),
);

/** The routes of an index with a policy, and of the whole server. */
const routed = withPolicy({})
  .routes.filter((route) => /^\w+ \/-\/(?:api|why)\/[^*]*$/.test(route))
  .flatMap((route) => (/\/:\w+\?$/.test(route) ? [route.replace(/\/:\w+\?$/, ""), route.slice(0, -1)] : [route]))
  .map((route) => route.replace(/:\w+/g, "{}").replace(/(.)\/$/, "$1"));

/** Routes that have a name in the place of a parameter as well, and tell the two apart themselves: see `createApp`. */
const NAMED: Readonly<Record<string, string>> = {
  "PUT /-/api/indexes/{}/projects/{}/status": "ALL /-/api/indexes/{}/projects/{}/{}",
  "POST /-/api/uploads/{}/finish": "POST /-/api/uploads/{}/{}",
};

describe("the description of the API", () => {
  test("is served to everyone, and caches may keep it for a minute", async () => {
    const { status, headers, text } = await new Rig().get("/-/api/openapi.json");
    expect([status, headers.get("Content-Type")]).toEqual([200, "application/json"]);
    expect(headers.get("Cache-Control")).toContain("public, max-age=60");
    expect(JSON.parse(text())).toEqual(description);
  });

  test("has every route, and every operation has a route", () => {
    const pathOf = (route: string) => route.replace(/^\w+ /, "");
    const routeOf = (operation: string) =>
      [NAMED[operation] ?? operation, `ALL ${pathOf(operation)}`].find((route) => routed.includes(route));
    expect(described.filter((operation) => !routeOf(operation))).toEqual([]);
    // Those of every method are what the routes before them do not answer, or answer by a method of the description.
    const answering = answeringRoutes(routed);
    expect(answering.length).toBeGreaterThan(30);
    const known = new Set(described.flatMap((operation) => [operation, routeOf(operation)]));
    expect(answering.filter((route) => !known.has(route))).toEqual([]);
  });
});

describe("an exchange", () => {
  const token = { method: "POST", path: "/-/api/tokens", sent: '{"name":"ci","index":"team","scopes":["read"]}' };
  const created = {
    id: "1",
    name: "ci",
    index: "team",
    scopes: ["read"],
    projects: null,
    created: "2026-11-22T12:00:00.000Z",
    createdBy: "admin",
    expires: null,
    revoked: null,
    lastUsed: null,
    token: "x",
  };
  const fits = { ...token, status: 201, type: "application/json", got: JSON.stringify(created) };

  test("that is as described has no faults", () => expect(faultsOf(fits)).toEqual([]));

  test.each<[string, Partial<typeof fits>, RegExp]>([
    ["an address that is not described", { path: "/-/api/keys" }, /no such operation/],
    ["an address of an index that only the server has", { path: "/team/-/api/tokens" }, /no such operation/],
    ["a parameter that is not described", { path: "/-/api/tokens?colour=red" }, /parameter colour/],
    [
      "a member of the request that is not described",
      { sent: '{"name":"ci","index":"team","scopes":[],"x":1}' },
      /\.x/,
    ],
    ["a status that is not described", { status: 200 }, /status/],
    ["a member of the answer that is missing", { got: JSON.stringify({ ...created, id: undefined }) }, /id is missing/],
    ["a member of the answer that is not described", { got: JSON.stringify({ ...created, hash: "x" }) }, /\.hash/],
    ["another type of a member", { got: JSON.stringify({ ...created, revoked: 1 }) }, /revoked/],
    [
      "a refusal without its sentence",
      { status: 400, type: "application/problem+json", got: "{}" },
      /detail is missing/,
    ],
  ])("with %s has one", (_what, other, fault) => {
    expect(faultsOf({ ...fits, ...other }).join("; ")).toMatch(fault);
  });
});
