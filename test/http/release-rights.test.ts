import { describe, expect, test } from "vitest";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { parseConfig } from "../../schema/config.ts";
import type { Scope } from "../../schema/token.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { createApp } from "../../worker/app.ts";
import { requirePermission, type Principal } from "../../worker/auth/principal.ts";
import type { Rig } from "../support/rig.ts";
import { VARS } from "../support/rig.ts";
import { at, audit, call, everything, host, INDEXES, team } from "../support/releases.ts";

const holder = (index: string, scopes: readonly Scope[], projects?: readonly string[]): Principal => ({
  id: "t1",
  name: "ci",
  index,
  scopes,
  projects,
});

/** The worker as whoever holds this token meets it. */
async function as(rig: Rig, principal: Principal, method: string, path: string, body?: unknown) {
  const admit = async (_: unknown, wish: Parameters<typeof requirePermission>[1]) => {
    requirePermission(principal, wish);
    return Promise.resolve(principal);
  };
  const app = createApp(
    parseConfig({ ...VARS, INDEXES }),
    { ...rig.services, authenticate: admit },
    { ...cloudflare(env), now: () => rig.now },
  );
  const context = createExecutionContext();
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await app.fetch(new Request(`https://edge.test/-/api/${path}`, init), { work: context });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  await waitOnExecutionContext(context);
  return { status: response.status, text };
}

async function published() {
  const rig = team();
  await host("team", "demo-1.0-py3-none-any.whl");
  await host("team", "acme-core-1.0.tar.gz", { project: "acme-core", version: "1.0" });
  return rig;
}

const YANK = (project = "demo") => ["POST", at("team", project, "1.0", "yank")] as const;
const UNYANK = ["POST", at("team", "demo", "1.0", "unyank")] as const;
const DELETE = ["DELETE", at("team", "demo", "1.0")] as const;
const RESTORE = ["POST", at("team", "demo", "1.0", "restore")] as const;
const STATUS = ["PUT", at("team", "demo", "status"), { status: "archived" }] as const;
const SHOW = ["GET", at("team", "demo")] as const;
const PROMOTE = ["POST", at("team", "demo", "1.0", "promote"), { to: "prod" }] as const;

describe("a token", () => {
  test.each([
    ["read", [SHOW]],
    ["upload", []],
    ["yank", [YANK(), UNYANK]],
    ["admin", [SHOW, YANK(), UNYANK, STATUS, DELETE, RESTORE]],
  ] as const)("for %s on the index may do that alone", async (scope, allowed) => {
    const rig = await published();
    const done = [];
    for (const request of [SHOW, YANK(), UNYANK, STATUS, PROMOTE, DELETE, RESTORE] as const) {
      const [method, path, body] = request;
      const { status } = await as(rig, holder("team", [scope]), method, path, body);
      expect([200, 403]).toContain(status);
      if (status === 200) done.push(request);
    }
    expect(done).toEqual(allowed);
  });

  test("for some projects may change those alone", async () => {
    const rig = await published();
    const acme = holder("team", ["yank"], ["acme-*"]);
    expect((await as(rig, acme, ...YANK())).status).toBe(403);
    expect((await as(rig, acme, ...YANK("acme-core"))).status).toBe(200);
    expect((await audit()).map(({ actor, project }) => [actor, project])).toEqual([["t1", "acme-core"]]);
  });

  test.each([
    ["read on the source alone", holder("team", ["read"]), 403],
    ["upload on the target alone", holder("prod", ["upload"]), 403],
    ["read and upload everywhere", holder("*", ["read", "upload"]), 200],
    ["read and upload everywhere, for other projects", holder("*", ["read", "upload"], ["acme-*"]), 403],
    ["read everywhere", holder("*", ["read"]), 403],
    ["upload everywhere", holder("*", ["upload"]), 403],
  ])("for %s: promoting is %i", async (_what, principal, expected) => {
    const rig = await published();
    const { status } = await as(rig, principal, ...PROMOTE);
    expect([status, (await audit()).length]).toEqual([expected, expected === 200 ? 1 : 0]);
  });
});

describe("a client without permission", () => {
  const paths = (project: string) =>
    [
      ["GET", at("team", project)],
      ["POST", at("team", project, "1.0", "yank")],
      ["POST", `${at("team", project, "1.0", "unyank")}?filename=x`],
      ["DELETE", at("team", project, "1.0")],
      ["POST", at("team", project, "1.0", "restore")],
      ["PUT", at("team", project, "status")],
      ["POST", at("team", project, "1.0", "promote")],
      ["PATCH", at("team", project, "1.0", "promote")],
    ] as const;

  test("learns nothing of what there is, and no store is asked", async () => {
    const rig = await published();
    const before = await everything();
    const answersFor = async (project: string) => {
      const answers = [];
      for (const [method, path] of paths(project)) {
        for (const headers of [{}, { Authorization: "Bearer nonsense" }]) {
          const { status, text } = await call(rig, method, path, undefined, headers);
          answers.push([status, text]);
        }
        const { status, text } = await as(rig, holder("prod", ["admin"]), method, path);
        answers.push([status, text.replaceAll(project, "NAME")]);
      }
      return answers;
    };
    rig.forget();
    const [there, absent] = [await answersFor("demo"), await answersFor("nosuch")];
    expect(there).toEqual(absent);
    expect(new Set(there.map(([status]) => status))).toEqual(new Set([401, 403]));
    expect(rig.counts).toEqual({});
    expect(await everything()).toEqual(before);
  });

  test("does not learn whether there is an index of that name either", async () => {
    const rig = await published();
    const answers = [];
    for (const index of ["scratch", "nosuch"]) {
      const { status, text } = await as(rig, holder("prod", ["admin"]), "GET", at(index, "demo"));
      answers.push([status, text.replaceAll(index, "NAME")]);
    }
    expect(answers[0]).toEqual(answers[1]);
    const targets = [];
    for (const to of ["scratch", "nosuch"]) {
      const { status, text } = await as(rig, holder("team", ["read"]), "POST", PROMOTE[1], { to });
      targets.push([status, text.replaceAll(to, "NAME")]);
    }
    expect([targets[0], targets[0]?.[0]]).toEqual([targets[1], 403]);
  });
});

describe("the audit log", () => {
  test.each([
    ["everything", holder("*", ["admin"]), "audit", 200],
    ["an index", holder("team", ["admin"]), "audit?index=team", 200],
    ["another index", holder("team", ["admin"]), "audit?index=prod", 403],
    ["everything, of an index's admin", holder("team", ["admin"]), "audit", 403],
    ["an index, of one who may only read", holder("team", ["read", "upload", "yank"]), "audit?index=team", 403],
    ["an index, of an admin of some projects", holder("team", ["admin"], ["acme-*"]), "audit?index=team", 403],
    ["one of these", holder("team", ["admin"], ["acme-*"]), "audit?index=team&project=Acme_core", 200],
    ["another project", holder("team", ["admin"], ["acme-*"]), "audit?index=team&project=demo", 403],
    ["no project", holder("team", ["admin"], ["acme-*"]), "audit?index=team&project=", 403],
  ])("about %s", async (_what, principal, path, expected) => {
    expect((await as(team(), principal, "GET", path)).status).toBe(expected);
  });
});
