import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import type { AuditLine } from "../../../schema/release.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { UPLOADED, type Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { unattested } from "../../support/node/fake-index/unattested.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team } from "../../support/node/team.ts";

const LOGIN = "team:s3cret";
const LONG_AGO = "2019-03-01T12:00:00.000Z";

const work = temporaryDirectory();
let rig: Rig;
let source: Witness;
let team: Team;
let wheels: readonly Wheel[];

/** What the other index has. */
let published: readonly Distribution[] = [];

beforeAll(async () => {
  rig = await Rig.open(fakeIndex([], () => "pypi"));
  team = new Team(rig);
  source = await new Witness((request) => {
    const { authorization } = request.headers;
    const isKnown = authorization === `Basic ${Buffer.from(LOGIN).toString("base64")}`;
    if (isKnown) return unattested(fakeIndex(published, () => "pypi"))(request);
    return Promise.resolve({ status: 401, headers: {}, body: Buffer.from("") });
  }).start();
  const specs = ["acme-tools 1.0", "acme-tools 1.1", "lunchbox 2.0"].map((each) => each.split(" "));
  wheels = await Promise.all(specs.map(([name = "", version = ""]) => buildWheel({ name, version })));
});
afterAll(async () => {
  await source?.stop();
  await rig?.close();
  removeDirectory(work);
});

/** Each test begins with an index that hosts nothing. */
beforeEach(async () => {
  await rig.startAnew();
  team = new Team(rig);
  rmSync(join(work, "files"), { recursive: true, force: true });
});

function put(path: string, content: Uint8Array | string): void {
  const file = join(work, "files", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  utimesSync(file, new Date(LONG_AGO), new Date(LONG_AGO));
}

async function migrate(from: string, more: readonly string[] = [], token?: string, login = LOGIN) {
  const access = token === undefined ? ["--state", rig.state] : ["--token", token];
  const words = ["migrate", from, "--index", "team", "--url", new URL("/", rig.index).href, ...access, ...more];
  const { code, output } = await pypiEdge(words, work, { PYPI_EDGE_SOURCE_LOGIN: login });
  return { code, output: output.replaceAll(/in \d+\.\d s/g, "in N s") };
}

interface Report {
  readonly counts: Readonly<Record<string, number>>;
  readonly files: readonly { readonly filename: string; readonly outcome: string; readonly reason?: string }[];
}

async function reportOf(from: string, ...more: string[]): Promise<Report & { readonly code: number | null }> {
  const { code, output } = await migrate(from, ["--json", ...more]);
  const line = output.split("\n").find((each) => each.startsWith("{")) ?? "";
  return { code, ...(JSON.parse(line) as Report) };
}

const hosted = async (project: string) => (await team.hosted(project)).map(({ filename }) => filename).toSorted();

interface Page {
  readonly files: readonly { readonly "upload-time": string; readonly yanked?: string | boolean }[];
}

async function pageOf(project: string): Promise<Page["files"]> {
  const reader = await team.token({ scopes: ["read"] });
  const headers = { Authorization: `Bearer ${reader}`, Accept: "application/vnd.pypi.simple.v1+json" };
  return ((await (await fetch(new URL(`${project}/`, team.simple), { headers })).json()) as Page).files;
}

describe("pypi-edge migrate FOLDER", () => {
  test("uploads what is in all its folders, says what is refused and why, and does nothing twice", async () => {
    const [one, two, three] = wheels as [Wheel, Wheel, Wheel];
    put(`a/b/${one.filename}`, one.bytes);
    put(`a/c/${one.filename}`, one.bytes);
    put(`a/d/${one.filename}`, "other bytes");
    put(two.filename, two.bytes);
    put(`z/${three.filename}`, three.bytes.slice(0, -9));
    put("z/old-0.1.zip", "PK");
    put("index.html", "<html>");
    symlinkSync(join(work, "files"), join(work, "files", "a", "circle"));

    const tried = await reportOf("files", "--dry-run");
    expect([tried.code, await hosted("acme-tools")]).toEqual([1, []]);
    expect(tried.counts).toMatchObject({ "would-publish": 2, identical: 1, refused: 3, failed: 0 });

    const { code, output } = await migrate("files");
    expect([code, await hosted("acme-tools"), await hosted("lunchbox")]).toEqual([1, [one.filename, two.filename], []]);
    expect(output).toContain("1 other file is no wheel or sdist, and left alone.\n");
    expect(output).toMatch(/^refused +a\/d\/acme_tools-1\.0\S+ +File already exists: .* has it with other bytes/m);
    expect(output).toMatch(/^refused +z\/lunchbox-2\.0\S+ +\S+ is not a valid ZIP archive/m);
    expect(output).toMatch(
      /^refused +z\/old-0\.1\.zip +"old-0\.1\.zip" is not the name of a file that can be published/m,
    );
    expect(output).toContain(`team: 2 published, 1 already there, 3 refused; `);
    expect((await reportOf("files")).counts).toMatchObject({ published: 0, identical: 3, refused: 3 });
  });

  test("with --project takes these projects alone, and with --keep-times the dates of the files, which the audit log shows", async () => {
    for (const { filename, bytes } of wheels) put(filename, bytes);
    const { code, output } = await migrate("files", ["--project", "acme-*", "--keep-times"]);
    expect([code, output.split("\n").at(-2)]).toEqual([0, expect.stringMatching(/^team: 2 published; .* in N s\.$/)]);
    expect(await hosted("lunchbox")).toEqual([]);
    expect((await pageOf("acme-tools")).map((file) => file["upload-time"])).toEqual([LONG_AGO, LONG_AGO]);
    const { output: audit } = await rig.command("audit", "--index", "team", "--json");
    const lines = audit
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditLine);
    const upload = lines.find(({ action }) => action === "upload");
    expect([upload?.details, upload?.at.startsWith("2019")]).toEqual([
      expect.objectContaining({ uploadedAt: LONG_AGO }),
      false,
    ]);
  });

  test("needs the scope admin for times, and an index, before anything is read", async () => {
    put(wheels[0]?.filename ?? "", wheels[0]?.bytes ?? "");
    const token = await team.token({ scopes: ["upload"] });
    expect(await migrate("files", ["--keep-times"], token)).toEqual({
      code: 4,
      output: expect.stringMatching(/may not administer team.*\. Without --keep-times the scope upload is enough\.\n$/),
    });
    expect(await migrate("files", ["--index", "nope"])).toMatchObject({ code: 1, output: /no index "nope" here/ });
    expect(await hosted("acme-tools")).toEqual([]);
    expect((await migrate("files", [], token)).code).toBe(0);
  });
});

describe("pypi-edge migrate URL", () => {
  test("brings the files of the named projects, verified, with their times and yanks, and downloads nothing twice", async () => {
    const [one, two, three] = wheels as [Wheel, Wheel, Wheel];
    const wrong = { ...three, sha256: "0".repeat(64) };
    published = [one, { ...two, yanked: "broken" }, wrong];
    const { code, output } = await migrate(source.index, ["--project", "*", "--keep-times"]);
    expect([code, output]).toEqual([1, expect.stringMatching(/^failed +\S+lunchbox\S+ +It has the sha256 /m)]);
    expect(await hosted("acme-tools")).toEqual([one.filename, two.filename]);
    const files = await pageOf("acme-tools");
    expect(files.map((file) => file.yanked)).toEqual([false, "broken"]);
    expect(new Set(files.map((file) => file["upload-time"].slice(0, 19)))).toEqual(new Set([UPLOADED.slice(0, 19)]));

    source.take();
    const again = await reportOf(source.index, "--project", "acme-tools", "--project", "nothing");
    expect(again.counts).toMatchObject({ identical: 2, refused: 1 });
    expect(source.take().filter(({ path }) => path.endsWith(".whl"))).toEqual([]);
  });

  test("says what a dry run can say, and downloads no file", async () => {
    published = wheels;
    source.take();
    const { code, counts } = await reportOf(source.index, "--project", "acme-tools", "--dry-run");
    expect([code, counts]).toEqual([0, expect.objectContaining({ "would-publish": 2 })]);
    expect(source.take().filter(({ path }) => path.endsWith(".whl"))).toEqual([]);
  });

  test("that gives up says what was done until then, and how much was not tried", async () => {
    const [one] = wheels as [Wheel, Wheel, Wheel];
    const names = Array.from({ length: 30 }, (_, at) => `broken-${at + 10}`);
    const broken = await Promise.all(names.map((name) => buildWheel({ name, version: "1.0" })));
    published = [one, ...broken.map((wheel) => ({ ...wheel, sha256: "0".repeat(64) }))];
    const { code, output } = await migrate(source.index, ["--project", "*"]);
    expect([code, output]).toEqual([1, expect.stringMatching(/^failed +\S+broken_10\S+ +It has the sha256 /m)]);
    const [, failed, left] = /^team: 1 published, (\d+) failed, (\d+) not tried; /m.exec(output) ?? [];
    // Four are under way at once, and those that are end first.
    expect([Number(failed) >= 10, Number(failed) + Number(left)]).toEqual([true, 30]);
    expect(output).toMatch(/^1[0-3] files failed one after the other, .* Run the command again/m);
    expect(await hosted("acme-tools")).toEqual([one.filename]);
  });

  test.each([
    ["no project", [], LOGIN, 2, /Name the projects/],
    [
      "a listing that needs another login",
      ["--project", "*"],
      "team:wrong",
      1,
      /answered 401: name its user and password in PYPI_EDGE_SOURCE_LOGIN/,
    ],
    ["no such project", ["--project", "acne-*"], LOGIN, 1, /lists no project that --project matches/],
  ] as const)("with %s says so", async (_what, more, login, code, sentence) => {
    published = wheels;
    expect(await migrate(source.index, more, undefined, login)).toEqual({
      code,
      output: expect.stringMatching(sentence),
    });
  });
});
