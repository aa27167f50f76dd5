import { tmpdir } from "node:os";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditTable } from "../../cli/commands/audit-table.ts";
import { confirmDeletion } from "../../cli/lib/confirm.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const TOKEN = "a-token-for-the-tests";

const api = new FakeApi();
beforeAll(() => api.start());
afterAll(() => api.stop());
beforeEach(() => {
  api.sent.length = 0;
});

const command = (name: "release" | "audit", args: readonly string[]) =>
  pypiEdge([name, ...args, "--url", api.url], tmpdir(), { PYPI_EDGE_TOKEN: TOKEN });
const release = (...args: string[]) => command("release", args);
const audit = (...args: string[]) => command("audit", args);

const json = (value: unknown) => ({ status: 200, type: "application/json", parts: [JSON.stringify(value)] });
const DID = json({ index: "team", project: "demo", files: [], did: "It was\u001b[31m done\u202e." });

describe("pypi-edge release", () => {
  test.each([
    [["yank", "demo", "1.0", "--reason", "broken"], "POST", "demo/1.0/yank", '{"reason":"broken"}'],
    [["yank", "demo", "1.0"], "POST", "demo/1.0/yank", "{}"],
    [["yank", "demo", "1.0", "--filename", "a b.whl"], "POST", "demo/1.0/yank?filename=a+b.whl", "{}"],
    [["unyank", "demo", "1.0+local"], "POST", "demo/1.0%2Blocal/unyank", ""],
    [["delete", "demo", "1.0", "--yes"], "DELETE", "demo/1.0", ""],
    [["delete", "demo", "1.0", "--yes", "--filename", "a.whl"], "DELETE", "demo/1.0?filename=a.whl", ""],
    [["status", "demo", "archived", "--reason", "old"], "PUT", "demo/status", '{"status":"archived","reason":"old"}'],
    [["restore", "demo", "1.0"], "POST", "demo/1.0/restore", ""],
    [["restore", "demo", "1.0", "--filename", "a.whl"], "POST", "demo/1.0/restore?filename=a.whl", ""],
    [["promote", "demo", "1.0", "--to", "prod"], "POST", "demo/1.0/promote", '{"to":"prod"}'],
  ])("%j is one request, and prints what was done", async (args, method, path, body) => {
    api.answer = DID;
    expect(await release(...args, "--index", "team")).toMatchObject({
      code: 0,
      output: "It was\\u001b[31m done\\u202e.\n",
    });
    expect(api.sent).toMatchObject([
      { method, url: `/-/api/indexes/team/projects/${path}`, headers: { authorization: `Bearer ${TOKEN}` }, body },
    ]);
  });

  test.each([
    [422, 1],
    [409, 1],
    [401, 4],
    [403, 4],
  ])("a change that is refused with %i ends with %i, and the server's sentence is printed", async (status, code) => {
    api.answer = { status, type: "text/plain", parts: ["demo is archived in prod.\n"] };
    expect(await release("promote", "demo", "1.0", "--index", "team", "--to", "prod")).toMatchObject({
      code,
      output: "demo is archived in prod.\n",
    });
  });

  test("show prints a line for each file, with what became of it", async () => {
    const file = { size: 12_345, sha256: "ab", uploadedAt: "2026-11-01T10:00:00.000Z" };
    api.answer = json({
      index: "team",
      project: "demo",
      status: "deprecated",
      statusReason: "use demo2",
      versions: [
        {
          version: "1.0",
          files: [
            { ...file, filename: "demo-1.0.tar.gz", uploadedBy: "acme\u001b release", yanked: "broken" },
            { ...file, filename: "demo-1.0-py3-none-any.whl", yanked: "", deletedAt: "2026-11-03T10:00:00.000Z" },
            {
              ...file,
              filename: "demo-1.0-cp312-none-any.whl",
              deletedAt: "2026-11-09T10:00:00.000Z",
              restorable: true,
            },
          ],
        },
        { version: "2.0", files: [{ ...file, filename: "demo-2.0.tar.gz", size: 9 }] },
      ],
    });
    const { code, output } = await release("show", "demo", "--index", "team");
    expect([code, output.split("\n")]).toEqual([
      0,
      [
        "demo in team: deprecated (use demo2)",
        "1.0  demo-1.0.tar.gz              12,345 bytes  2026-11-01  acme\\u001b release  yanked: broken",
        "1.0  demo-1.0-py3-none-any.whl    12,345 bytes  2026-11-01                      deleted 2026-11-03",
        "1.0  demo-1.0-cp312-none-any.whl  12,345 bytes  2026-11-01                      deleted 2026-11-09, in the trash",
        "2.0  demo-2.0.tar.gz              9 bytes       2026-11-01",
        "",
      ],
    ]);
    expect(api.sent).toMatchObject([{ method: "GET", url: "/-/api/indexes/team/projects/demo" }]);
  });

  test("list prints a line for each hosted project, and says on standard error that there is none", async () => {
    const uploadedAt = "2026-11-14T10:00:00.000Z";
    const acme = { project: "acme-tools", version: "2.0", yanked: true, files: 2, bytes: 2_000, uploadedAt };
    api.answer = json({
      index: "team",
      projects: [
        { ...acme, uploadedBy: "acme release" },
        { ...acme, project: "one", files: 1, yanked: false },
      ],
    });
    const { code, output } = await release("list", "--index", "team");
    expect([code, output.split("\n")]).toEqual([
      0,
      [
        "acme-tools  2.0 (yanked)  2026-11-14 10:00  2 files  2.0 kB  acme release",
        "one         2.0           2026-11-14 10:00  1 file   2.0 kB",
        "",
      ],
    ]);
    expect(api.sent).toMatchObject([{ method: "GET", url: "/team/-/api/projects" }]);
    api.answer = json({ index: "default", projects: [] });
    expect((await release("list", "--index", "default")).output).toBe("Nothing is hosted in default.\n");
    expect(api.sent.at(-1)).toMatchObject({ url: "/-/api/projects" });
  });

  test.each([
    [["--dry-run"], "/-/api/jobs/prune?dry-run=true", false],
    [[], "/-/api/jobs/prune", true],
  ])("prune %j runs the job until it is done, a dry run once", async (args, url, isDone) => {
    api.answer = json({ did: ["It was done."], results: [{ isDone }] });
    expect(await release("prune", ...args)).toMatchObject({ code: 0, output: "It was done.\n" });
    expect(api.sent.map((sent) => `${sent.method} ${sent.url}`)).toEqual([`POST ${url}`]);
  });

  test("ends with 1 and the server's sentence where it refuses", async () => {
    api.answer = { status: 409, type: "text/plain; charset=utf-8", parts: ["File already exists: in prod.\n"] };
    const { code, output } = await release("promote", "demo", "1.0", "--index", "team", "--to", "prod");
    expect([code, output]).toEqual([1, "File already exists: in prod.\n"]);
  });

  test.each([
    [{ status: 200, type: "text/html", parts: ["<html>"] }, 1, /Is that a current version of pypi-edge/],
    [{ status: 405, type: "text/plain", parts: ["no"] }, 2, /name pypi-edge's root/],
  ])("says so where the answer is not pypi-edge's: %j", async (answer, ending, sentence) => {
    api.answer = answer;
    const { code, output } = await release("status", "demo", "active", "--index", "team");
    expect([code, output]).toEqual([ending, expect.stringMatching(sentence)]);
  });

  test.each([
    [[], 2, "Usage: pypi-edge release"],
    [["remove", "demo"], 2, "unknown command 'remove'"],
    [["constructor", "demo"], 2, "unknown command 'constructor'"],
    [["remove", "--help"], 2, "unknown command 'remove'"],
    [["help", "remove"], 2, "unknown command 'remove'"],
    [["yank", "--index", "team"], 2, "missing required argument 'project'"],
    [["yank", "demo", "--index", "team"], 2, "missing required argument 'version'"],
    [["status", "demo", "--index", "team"], 2, "missing required argument 'status'"],
    [["show", "demo", "1.0", "--index", "team"], 2, "too many arguments"],
    [["yank", "demo", "1.0", "2.0", "--index", "team"], 2, "too many arguments"],
    [["yank", "demo", "1.0"], 2, "required option '--index <name>' not specified"],
    [["promote", "demo", "1.0", "--index", "team"], 2, "required option '--to <name>' not specified"],
    [["delete", "demo", "1.0", "--index", "team", "--reason", "x"], 2, "unknown option '--reason'"],
    [["yank", "demo", "1.0", "--index", "team", "--yes"], 2, "unknown option '--yes'"],
    [["yank", "demo", "1.0", "--index", "team", "--raeson", "x"], 2, "Did you mean --reason?"],
    [["delete", "demo", "1.0", "--index", "team"], 1, "Give --yes to delete demo 1.0 from team without a question."],
  ])("with %j ends with %i, says what is wrong, and sends nothing", async (args, ending, sentence) => {
    const { code, output } = await (args.length === 0 ? pypiEdge(["release"], tmpdir()) : release(...args));
    expect([code, output]).toEqual([ending, expect.stringContaining(sentence)]);
    expect(api.sent).toEqual([]);
  });

  test("prints the server's answer with --json", async () => {
    api.answer = DID;
    expect(await release("unyank", "demo", "1.0", "--index", "team", "--json")).toMatchObject({
      code: 0,
      output: `${DID.parts[0]}\n`,
    });
  });
});

describe("whether to delete", () => {
  const asked = async (typed: string) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    input.end(typed);
    const answer = await confirmDeletion("demo 1.0 from team", input, output).then(
      () => "deleted",
      (error: Error) => error.message,
    );
    return [String(output.read()), answer];
  };

  test.each(["y\n", "Yes\n"])("is asked on a terminal, and %j is yes", async (typed) => {
    expect(await asked(typed)).toEqual([
      expect.stringContaining("Delete demo 1.0 from team for good? [y/N]"),
      "deleted",
    ]);
  });

  test.each(["\n", "n\n", "yank\n", ""])("%j is no", async (typed) => {
    expect((await asked(typed))[1]).toBe("Nothing was deleted.");
  });
});

describe("pypi-edge audit", () => {
  const line = (id: number, more: Record<string, unknown> = {}) => ({
    id,
    at: "2026-11-22T12:00:00.000Z",
    actor: "t1",
    actorName: "ci",
    origin: "192.0.2.1",
    action: "upload",
    index: "team",
    project: "demo",
    subject: "demo-1.0.tar.gz",
    details: { size: 1 },
    ...more,
  });
  const lines = (...values: unknown[]) => ({
    status: 200,
    type: "application/x-ndjson",
    parts: values.map((value) => `${JSON.stringify(value)}\n`),
  });

  test("prints the lines as they are where there is no terminal, so that they can be kept", async () => {
    api.answer = lines(line(1), line(2));
    const { code, output } = await audit("--since", "2026-11-22", "--index", "team", "--actor", "t1", "--after", "0");
    expect([code, output]).toEqual([0, api.answer.parts.join("")]);
    expect(api.sent).toMatchObject([
      {
        method: "GET",
        url: "/-/api/audit?since=2026-11-22&index=team&actor=t1&after=0",
        headers: { authorization: `Bearer ${TOKEN}` },
      },
    ]);
  });

  test("prints CSV as it comes, without what a terminal would interpret, and goes on from the last line", async () => {
    const csv = ['"id","at"\r\n', '"9","2026 \u001b[2J"\r\n', '"7","2026"\r\n'];
    api.answer = { status: 200, type: "text/csv", parts: csv };
    const { code, output } = await audit("--format", "csv", "--action", "yank", "--newest");
    expect([code, output]).toEqual([0, '"id","at"\n"9","2026 \\u001b[2J"\n"7","2026"\n']);
    expect(api.sent[0]?.url).toBe("/-/api/audit?format=csv&action=yank&newest=true");
    api.answer = { ...api.answer, cut: true };
    expect((await audit("--format", "csv", "--newest")).output).toMatch(/: --before 7 goes on from here\.\n$/);
    api.answer = { status: 200, type: "text/csv", parts: csv.slice(0, 1) };
    expect((await audit("--format", "csv")).output).toBe('"id","at"\nNo entry of the audit log matches.\n');
  });

  test("says so where there is nothing, beside what a program reads", async () => {
    api.answer = lines();
    expect(await audit()).toMatchObject({ code: 0, output: "No entry of the audit log matches.\n" });
    expect(api.sent[0]?.url).toBe("/-/api/audit");
  });

  test("says from where to go on where the answer breaks off", async () => {
    api.answer = { ...lines(line(1), line(7)), cut: true };
    const { code, output } = await audit();
    expect([code, output]).toEqual([1, expect.stringMatching(/broke off \(.+\): --after 7 goes on from here\.\n$/)]);
  });

  test("ends with 1 where the server refuses, or sends something else", async () => {
    api.answer = { status: 403, type: "text/plain", parts: ["Not you.\n"] };
    expect(await audit()).toMatchObject({ code: 4, output: "Not you.\n" });
    api.answer = lines({ stored: 1, of: 2 });
    expect(await audit()).toMatchObject({ code: 1, output: expect.stringContaining("not an audit log") });
    expect(await audit("--user", "x")).toMatchObject({ code: 2, output: expect.stringContaining("--user") });
  });

  test("is a table on a terminal", () => {
    const admin = { actor: "admin", actorName: "ADMIN_TOKEN", origin: "" };
    const promoted = { action: "promote", index: "prod", subject: "1.0", details: { from: "team", files: [] } };
    expect(auditTable([line(1), line(2, { ...admin, action: "yank", subject: "1.0" }), line(3, promoted)])).toEqual([
      "2026-11-22 12:00:00  ci (t1)  upload   team  demo  demo-1.0.tar.gz  192.0.2.1",
      "2026-11-22 12:00:00  admin    yank     team  demo  1.0",
      "2026-11-22 12:00:00  ci (t1)  promote  prod  demo  1.0 (from team)  192.0.2.1",
    ]);
  });

  test("shows in that table when a file was uploaded to the index that it comes from", () => {
    const details = { uploadedAt: "2019-03-01T12:00:00.000Z" };
    expect(auditTable([line(1, { details })])).toEqual([
      "2026-11-22 12:00:00  ci (t1)  upload  team  demo  demo-1.0.tar.gz (of 2019-03-01)  192.0.2.1",
    ]);
  });
});
