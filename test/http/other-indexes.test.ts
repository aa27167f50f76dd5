import { unpackTar } from "modern-tar";
import { describe, expect, test } from "vitest";
import type { StoreSummary } from "../../worker/locks/warm-report.ts";
import { asked, packaged, shelf, uvLock } from "../support/locked.ts";
import { Rig } from "../support/rig.ts";
import { FakeUpstream, sha256 } from "../support/upstream.ts";

const CORP = "https://pkgs.corp.example/simple";
const PYPI = FakeUpstream.INDEX;

/** What warming says at its end. */
async function warmed(rig: Rig, query: string, lock: string): Promise<StoreSummary> {
  rig.meanwhile = () => rig.deliver();
  const answer = await rig.post(`warm?${query}`, lock);
  expect([answer.status, answer.text()]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text().trimEnd().split("\n").at(-1) ?? "") as StoreSummary;
}

/** The names of a wheelhouse's files, and the header that says what is not among them. */
async function packed(rig: Rig, query: string, lock: string) {
  const answer = await rig.post(`wheelhouse?${query}`, lock);
  expect([answer.status, answer.status === 200 || answer.text()]).toEqual([200, true]);
  const members = await unpackTar(answer.body, { strict: true });
  return { names: members.map(({ header }) => header.name), elsewhere: answer.headers.get("X-Elsewhere") };
}

/** An upstream that has a namesake of each of two packages: `p0`, which the locks have from it, and `p1`, which they have not. */
async function namesakes() {
  const { rig, packages } = await shelf(2);
  const [mine, namesake] = packages;
  if (!mine || !namesake) throw new Error("no packages");
  return { rig, mine, namesake, hash: await sha256(namesake.wheel.bytes) };
}

/** A lock in which `p0` is of `index`, and `p1` of `other`, with the very files that the upstream has. */
interface Written {
  readonly filename: string;
  write(index: string, other: string, hashes: readonly [string, string]): string;
}

const toml = (key: string, name: string, ...lines: string[]) =>
  [`[[${key}]]`, `name = "${name}"`, 'version = "1.0"', ...lines, ""].join("\n");

const wheelOf = (name: string, hash: string) =>
  `${FakeUpstream.FILES}${name}-1.0-py3-none-any.whl", hash = "sha256:${hash}`;

const LOCKS: readonly Written[] = [
  {
    filename: "uv.lock",
    write: (index, other, [one, two]) =>
      [
        "version = 1\n",
        toml("package", "p0", `source = { registry = "${index}" }`, `wheels = [{ url = "${wheelOf("p0", one)}" }]`),
        toml("package", "p1", `source = { registry = "${other}" }`, `wheels = [{ url = "${wheelOf("p1", two)}" }]`),
      ].join("\n"),
  },
  {
    filename: "pylock.toml",
    write: (index, other) =>
      [
        'lock-version = "1.0"\n',
        toml("packages", "p0", `index = "${index}"`, 'wheels = [{ name = "p0-1.0-py3-none-any.whl" }]'),
        toml("packages", "p1", `index = "${other}"`, 'wheels = [{ name = "p1-1.0-py3-none-any.whl" }]'),
      ].join("\n"),
  },
  {
    filename: "poetry.lock",
    write: (index, other) =>
      [
        ...[index, other].map((url, at) =>
          toml("package", `p${at}`, "", "[package.source]", 'type = "legacy"', `url = "${url}"`),
        ),
        '[metadata]\nlock-version = "2.1"\n',
      ].join("\n"),
  },
  {
    filename: "Pipfile.lock",
    write: (index, other, [one, two]) =>
      JSON.stringify({
        _meta: {
          "pipfile-spec": 6,
          sources: [
            { name: "pypi", url: index },
            { name: "corp", url: other },
          ],
        },
        default: {
          p0: { version: "==1.0", hashes: [`sha256:${one}`] },
          p1: { version: "==1.0", index: "corp", hashes: [`sha256:${two}`] },
        },
      }),
  },
  {
    filename: "requirements.txt",
    write: (index, other) =>
      `--index-url ${index}\n--extra-index-url ${other}\np0==1.0\n    # from ${index}\np1==1.0\n    # from ${other}\n`,
  },
];

describe.each(LOCKS)("what $filename has from another index", ({ filename, write }) => {
  async function written(index: string, other: string) {
    const { rig, mine, namesake, hash } = await namesakes();
    return { rig, lock: write(index, other, [await sha256(mine.wheel.bytes), hash]), mine, namesake };
  }

  test("is listed, and its name never leaves for our upstream", async () => {
    const { rig, lock } = await written(PYPI, CORP);
    expect(await warmed(rig, `filename=${filename}`, lock)).toMatchObject({
      done: true,
      packages: 1,
      elsewhere: ["p1"],
      otherIndexes: [{ index: CORP, packages: ["p1"] }],
    });
    expect(asked(rig)[`GET ${PYPI}p0/`]).toBe(1);
    expect(rig.upstream.requests.filter((line) => line.includes("p1"))).toEqual([]);
  });

  test("is not packed, although the upstream has a namesake", async () => {
    const { rig, lock, mine } = await written(PYPI, CORP);
    const { names, elsewhere } = await packed(rig, `filename=${filename}&python=3.12`, lock);
    expect([names, elsewhere]).toEqual([[mine.wheel.filename], `p1 (${CORP})`]);
    expect(rig.upstream.requests.filter((line) => line.includes("p1"))).toEqual([]);
  });

  test.each([
    "https://edge.test/simple",
    "http://edge.test/simple/",
    "https://me:secret@upstream.test:443/%73imple",
    "https://public.example/pypi/simple",
    "https://edge.test/find-links/",
  ])("is nothing where the index is %s", async (index) => {
    const { rig: shop, lock, mine, namesake } = await written(index, PYPI);
    const rig = new Rig({ PUBLIC_URL: "https://public.example/pypi" }, { fetch: shop.upstream.fetch });
    const { names, elsewhere } = await packed(rig, `filename=${filename}&python=3.12`, lock);
    expect([names, elsewhere]).toEqual([[mine.wheel.filename, namesake.wheel.filename], null]);
  });

  test.each([
    "https://upstream.test.evil.example/simple",
    "https://upstream.test@evil.example/simple",
    "https://edge.test.evil.example/simple",
    "https://edge.test/simple-corp",
    "https://edge.test/team/simple",
    "https://upstream.test/Simple",
    "https://upstreаm.test/simple",
    "http://upstream.test/simple",
    "$CORP_INDEX",
  ])("is all where the indexes are %s", async (index) => {
    const { rig, lock } = await written(index, index);
    expect(await warmed(rig, `filename=${filename}`, lock)).toMatchObject({
      done: true,
      packages: 0,
      files: 0,
      elsewhere: ["p0", "p1"],
    });
    expect(rig.upstream.requests).toEqual([]);
    const answer = await rig.post(`wheelhouse?filename=${filename}`, lock);
    // To uv a registry that is no URL is a folder: nothing is asked of an index then.
    const isFolder = filename === "uv.lock" && index === "$CORP_INDEX";
    const sentence = /: no file would be in the wheelhouse: the lock has p0, p1 from .*, and not from https:/;
    expect([answer.status, isFolder || sentence.test(answer.text())]).toEqual([isFolder ? 200 : 422, true]);
  });
});

describe("what a lock has directly", () => {
  const git = { git: "https://git.example/p1.git", ref: "0".repeat(40), version: "==1.0" };
  const sources = [{ name: "pypi", url: PYPI }];

  test("is of another index, with or without a version", async () => {
    const { rig } = await namesakes();
    const lock = JSON.stringify({ _meta: { "pipfile-spec": 6, sources }, default: { p1: git } });
    expect(await warmed(rig, "filename=Pipfile.lock", lock)).toMatchObject({ elsewhere: ["p1"], otherIndexes: [] });
    expect(await packed(rig, "filename=Pipfile.lock", lock)).toEqual({ names: [], elsewhere: "p1" });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is named in a header that is short and plain", async () => {
    const rig = new Rig();
    const lock = Array.from({ length: 500 }, (_, at) => `-e ./größe/\u{1f40d}${at}\n`).join("");
    const { elsewhere } = await packed(rig, "filename=requirements.txt", lock);
    expect(elsewhere).toMatch(/^\.\/gr%C3%B6%C3%9Fe\/%F0%9F%90%8D0, [ -~]+\.\.\.$/);
    expect(elsewhere?.length).toBeLessThan(4_100);
    // A text that is cut between the two halves of a character.
    await packed(rig, "filename=requirements.txt", `-e ${"x".repeat(199)}\u{1f40d}`);
  });
});

describe("an address of ours that this request does not come by", () => {
  test("is recognised by the files that the lock has from there", async () => {
    const { rig, packages } = await shelf(1);
    const lock = (await uvLock(packages.map(({ name, wheel }) => ({ name, files: [wheel] }))))
      .replaceAll(FakeUpstream.FILES, "http://127.0.0.1:8787/files/files.upstream.test/packages/")
      .replaceAll(PYPI, "http://127.0.0.1:8787/simple");
    expect(await warmed(rig, "filename=uv.lock", lock)).toMatchObject({ done: true, files: 1, elsewhere: [] });
  });

  test("is not recognised by files that are hosted there: these may be private", async () => {
    const rig = new Rig();
    const { wheel } = await packaged("corp");
    await rig.upstream.publish("corp", [wheel]);
    const lock = (await uvLock([{ name: "corp", files: [wheel] }]))
      .replaceAll(FakeUpstream.FILES, "https://pypi.corp.example/files/-/00ff/")
      .replaceAll(PYPI, "https://pypi.corp.example/simple");
    expect(await warmed(rig, "filename=uv.lock", lock)).toMatchObject({ files: 0, elsewhere: ["corp"] });
    expect(rig.upstream.requests).toEqual([]);
  });
});

describe("a named index", () => {
  const vars = { INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } } };

  test.each([
    ["default", "https://edge.test/simple", "https://edge.test/team/simple"],
    ["team", "https://edge.test/team/simple", "https://edge.test/simple"],
  ])("%s takes its own packages, and leaves those of another index here", async (name, own, other) => {
    const { rig: shop, packages } = await shelf(2);
    const rig = new Rig(vars, { fetch: shop.upstream.fetch });
    const [mine] = packages;
    const lock = `--index-url ${own}\n--extra-index-url ${other}\np0==1.0\n# from ${own}\np1==1.0\n# from ${other}\n`;
    const { names, elsewhere } = await packed(rig, `filename=r.txt&index=${name}&python=3.12`, lock);
    expect([names, elsewhere]).toEqual([[mine?.wheel.filename], `p1 (${other})`]);
  });
});
