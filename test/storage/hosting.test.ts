import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { asFilename, type Filename } from "../../worker/pypi/filename.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import type { HostedProject } from "../../worker/repository/ports/hosted-packages.ts";
import { hostingIn } from "../../worker/storage/d1/hosted-packages.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { host, setStatus } from "../support/hosted.ts";

const named = (name: string) => asProjectName(name) as ProjectName;
const filed = (name: string) => asFilename(name) as Filename;

/** The port over the real database, and how many rows each of its calls has read. */
function hosting(budget = 1024 ** 2) {
  const rows: number[] = [];
  const noting = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, property) {
        if (property === "bind") return (...values: unknown[]) => noting(target.bind(...values));
        if (property !== "run") return Reflect.get(target, property) as unknown;
        return async () => {
          const result = await target.run();
          rows.push(result.meta.rows_read);
          return result;
        };
      },
    });
  const db = { prepare: (sql: string) => noting(env.DB.prepare(sql)) } as D1Database;
  return { port: hostingIn(db, new Memory<HostedProject>(budget, budget)), rows };
}

describe("the indexes that host projects", () => {
  test("are listed by project, in the order of the indexes, with their files", async () => {
    const { port } = hosting();
    await host("demo", "demo-1.0.tar.gz", { index: "base" });
    await host("demo", "demo-2.0.tar.gz", { yanked: "", requiresPython: ">=3" });
    await host("demo", "demo-1.9.tar.gz", { deleted: true });
    await host("empty");
    await setStatus("empty", "archived", "done");
    const hosts = await port.projects(["demo", "empty", "other"].map(named), ["team", "base"], 0);
    expect([...hosts.keys()]).toEqual(["demo", "empty"]);
    expect(hosts.get(named("demo"))?.map(({ index, files }) => [index, files.map(({ filename }) => filename)])).toEqual(
      [
        ["team", ["demo-2.0.tar.gz"]],
        ["base", ["demo-1.0.tar.gz"]],
      ],
    );
    expect(hosts.get(named("demo"))?.[0]?.files[0]).toMatchObject({
      version: "2.0",
      yanked: "",
      requiresPython: ">=3",
    });
    expect(hosts.get(named("empty"))).toMatchObject([{ status: { status: "archived", reason: "done" }, files: [] }]);
  });

  test("is asked every time, but the files that are known in this revision are not read again", async () => {
    const { port, rows } = hosting();
    for (let at = 0; at < 30; at++) await host("demo", `demo-1.${at}.tar.gz`);
    const ask = () => port.projects([named("demo")], ["team"], 0);
    const first = await ask();
    expect(rows[0]).toBeGreaterThan(30);
    expect((await ask()).get(named("demo"))?.[0]).toBe(first.get(named("demo"))?.[0]);
    expect(rows[1]).toBeLessThan(5);
    await host("demo", "demo-2.0.tar.gz");
    expect((await ask()).get(named("demo"))?.[0]?.files).toHaveLength(31);
    await env.DB.exec("DELETE FROM hosted_project");
    expect((await ask()).size).toBe(0);
  });

  test("does without memory where a project is too large for it", async () => {
    const { port } = hosting(100);
    await host("demo", "demo-1.0.tar.gz");
    for (let turn = 0; turn < 2; turn++) {
      expect((await port.projects([named("demo")], ["team"], 0)).get(named("demo"))?.[0]?.files).toHaveLength(1);
    }
  });

  test("that counts again from one after its rows were deleted is not taken for what it was", async () => {
    const { port } = hosting();
    const ask = async () => (await port.projects([named("demo")], ["team"], 0)).get(named("demo"))?.[0];
    await host("demo", "demo-1.0.tar.gz");
    const before = await ask();
    await env.DB.exec("DELETE FROM hosted_file");
    await env.DB.exec("DELETE FROM hosted_project");
    await ask();
    await host("demo", "demo-2.0.tar.gz");
    const after = await ask();
    expect(after?.revision).toBe(before?.revision);
    expect(after?.state).not.toBe(before?.state);
    expect(after?.files.map(({ version }) => version)).toEqual(["2.0"]);
  });
});

describe("a file of some indexes", () => {
  test("comes with what each of them has under its name, in whatever spelling, and is read by itself", async () => {
    const { port, rows } = hosting();
    for (let at = 0; at < 30; at++) await host("demo", `demo-0.${at}.tar.gz`);
    const below = await host("demo", "demo-1.0.tar.gz", { index: "base" });
    const own = await host("demo", "Demo-1.0.tar.gz");
    const hosts = await port.file(below.sha256, filed("demo-1.0.tar.gz"), ["team", "base"]);
    expect(hosts.get(named("demo"))?.map(({ files }) => files.map(({ sha256 }) => sha256))).toEqual([
      [own.sha256],
      [below.sha256],
    ]);
    expect(rows[0]).toBeLessThan(20);
  });

  test.each([
    ["another name", "demo-2.0.tar.gz", ["team"]],
    ["another index", "demo-1.0.tar.gz", ["base"]],
  ])("is not there for %s", async (_what, filename, indexes) => {
    const { port } = hosting();
    const { sha256 } = await host("demo", "demo-1.0.tar.gz");
    expect((await port.file(sha256, filed(filename), indexes)).size).toBe(0);
  });

  test("is not there once it has been deleted", async () => {
    const { port } = hosting();
    const { sha256 } = await host("demo", "demo-1.0.tar.gz", { deleted: true });
    expect((await port.file(sha256, filed("demo-1.0.tar.gz"), ["team"])).size).toBe(0);
  });
});
