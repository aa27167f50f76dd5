import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { EARLIER, newChain, readChain } from "../../../cli/air-gap/chain.ts";
import { isWholeStep } from "../../../cli/air-gap/export-step.ts";
import { makeSigningKey, readSigningKey } from "../../../cli/air-gap/signing-key.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { signerOf } from "../../../schema/carried-keys.ts";
import type { CarriedPage } from "../../../schema/carried.ts";
import { digestOf, exportAll, Killed, killingAt, standInIndex, type StandInFile } from "./stand-in.ts";

const work = temporaryDirectory();
afterAll(() => removeDirectory(work));
const folderOf = () => mkdtempSync(join(work, "step-"));
const key = makeSigningKey(join(work, "owner.pem"));
const CHAIN = "0123456789abcdef0123456789abcdef";

const fileOf = (project: string, version: string, more: StandInFile["more"] = {}): StandInFile => ({
  project,
  filename: `${project}-${version}.tar.gz`,
  bytes: Buffer.alloc(900 + version.length, `${project} ${version}`),
  more,
});
const FILES = [fileOf("acme", "1.0"), fileOf("acme", "1.1"), fileOf("other", "2.0", { yanked: "broken" })];
const PROJECTS = ["acme", "other"];

const never = () => undefined;
const digestsIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== EARLIER)
    .map((name) => `${name} ${digestOf(readFileSync(join(folder, name)))}`);

/** The page of a project in a step, by the manifest's own places. */
function pageIn(folder: string, project: string): CarriedPage | undefined {
  const tars = readdirSync(folder).filter((name) => name.endsWith(".tar"));
  const text = tars.map((name) => readFileSync(join(folder, name), "latin1")).join("");
  const begin = text.indexOf(`{"name":"${project}"`);
  return begin === -1 ? undefined : (JSON.parse(text.slice(begin, text.indexOf("\0", begin))) as CarriedPage);
}

async function exported(files: readonly StandInFile[], since?: string, projects = PROJECTS) {
  const folder = folderOf();
  const chain = since === undefined ? newChain(CHAIN) : await readChain(since, [key.publicText]);
  const { manifest, leftOut } = await exportAll(
    standInIndex(() => files, never),
    { folder, chain, key, projects },
  );
  return { folder, manifest, leftOut, keys: manifest?.members.map((member) => `${member.kind} ${nameOf(member.key)}`) };
}

const nameOf = (sha256: string) => FILES.find(({ bytes }) => digestOf(bytes) === sha256)?.filename ?? sha256;

describe("pypi-edge export into a folder that has a step", () => {
  const run = (...words: readonly string[]) =>
    pypiEdge(["export", ...words, "--index", "team", "--key", join(work, "owner.pem")], work);

  test("writes nothing and fails where the step is another one than is asked for", async () => {
    const first = await exported(FILES);
    const second = await exported(FILES, first.folder);
    const before = digestsIn(second.folder);
    const { code, output } = await run(second.folder);
    expect([code, output]).toEqual([
      1,
      `${second.folder} has another step: nothing was exported. Name another folder.\n`,
    ]);
    expect(digestsIn(second.folder)).toEqual(before);
    const itself = await run(first.folder, "--since", first.folder);
    expect([itself.code, itself.output]).toEqual([2, "--since names the folder itself.\n"]);
    const again = await run(second.folder, "--since", first.folder);
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("has this step already: nothing was")]);
  });

  test("names what is no step, and no folder", async () => {
    const empty = folderOf();
    const pem = join(work, "owner.pem");
    for (const [words, sentence] of [
      [["next", "--since", empty], `${empty} has no step: there is no manifest.json in it.`],
      [["next", "--since", "none"], "none cannot be read: there is no such folder."],
      [[pem], `${pem} cannot be written: a file, not a folder.`],
      [[empty, "--since", pem], `${pem} is not the manifest of an export: it is not JSON.`],
    ] as const)
      expect(await run(...words)).toMatchObject({ code: 1, output: `${sentence}\n` });
  });
});

describe("an export", () => {
  test("leaves out a project whose name no volume has room for, and says so", async () => {
    const [fits, long] = ["a".repeat(90), "b".repeat(91)];
    const { keys, leftOut } = await exported([fileOf(fits, "1.0"), fileOf(long, "1.0")], undefined, [fits, long]);
    expect(keys?.filter((each) => each.startsWith("page "))).toEqual([`page ${fits}`]);
    const reason = "A volume takes no project whose name has 91 characters: 90 at most.";
    expect(leftOut).toEqual([{ filename: "", from: long, outcome: "refused", reason }]);
  });

  test("has files before the pages that name them, and a manifest that the key has signed", async () => {
    const { folder, manifest, keys } = await exported(FILES);
    const names = FILES.map(({ filename }) => filename);
    const of = (kind: string) => names.map((name) => `${kind} ${name}`);
    expect(keys).toEqual([...of("file"), ...of("metadata"), ...of("provenance"), "page acme", "page other", "end end"]);
    expect(manifest).toMatchObject({ chain: CHAIN, sequence: 1, before: null, serial: "7", removed: [] });
    const bytes = readFileSync(join(folder, "manifest.json"));
    const signature = readFileSync(join(folder, "manifest.sig"), "utf8");
    expect(await signerOf(Uint8Array.from(bytes), signature, [key.publicText])).toBe(key.publicText);
    expect(pageIn(folder, "other")).toEqual({
      name: "other",
      files: [
        {
          filename: "other-2.0.tar.gz",
          hashes: { sha256: digestOf(FILES[2]?.bytes ?? "") },
          size: 903,
          "upload-time": "2026-01-02T03:04:05.000006Z",
          yanked: "broken",
          "core-metadata": { sha256: digestOf("metadata of other-2.0.tar.gz") },
          provenance: { sha256: digestOf('{"of":"other-2.0.tar.gz"}') },
        },
      ],
    });
  });

  test("that is killed at any moment is the same after another run", async () => {
    const whole = digestsIn((await exported(FILES)).folder);
    let at = 1;
    for (let isKilled = true; isKilled; at++) {
      const asked = { folder: folderOf(), chain: newChain(CHAIN), key, projects: PROJECTS };
      const first = exportAll(
        standInIndex(() => FILES, killingAt(at)),
        asked,
      );
      isKilled = await first.then(
        () => false,
        (error: unknown) => error instanceof Killed,
      );
      await exportAll(
        standInIndex(() => FILES, never),
        asked,
      );
      expect(digestsIn(asked.folder), `killed at call ${at}`).toEqual(whole);
    }
    expect(at).toBeGreaterThan(20);
  });

  test("does not go on with one of something else, and is not made twice", async () => {
    const asked = { folder: folderOf(), chain: newChain(CHAIN), key, projects: PROJECTS };
    await expect(
      exportAll(
        standInIndex(() => FILES, killingAt(5)),
        asked,
      ),
    ).rejects.toBeInstanceOf(Killed);
    expect(await isWholeStep(asked.folder)).toBe(false);
    const other = exportAll(
      standInIndex(() => FILES, never),
      asked,
      { asked: "b" },
    );
    await expect(other).rejects.toThrow(/an export that is not whole, and of something else/);
    await exportAll(
      standInIndex(() => FILES, never),
      asked,
    );
    expect(await isWholeStep(asked.folder)).toBe(true);
    writeFileSync(join(work, "mine.txt"), "");
    await expect(isWholeStep(work)).rejects.toThrow(/is not empty, and has no export/);
  });

  test("says what the index refuses, and lists it on no page", async () => {
    const [first, second] = FILES;
    const reader = standInIndex(() => FILES, never);
    const asked = { folder: folderOf(), chain: newChain(CHAIN), key, projects: [...PROJECTS, "nothing"] };
    const { manifest, leftOut } = await exportAll(
      {
        ...reader,
        file: (entry, use) =>
          reader.file(entry.filename === second?.filename ? ({ ...entry, filename: "no" } as never) : entry, use),
      },
      asked,
    );
    expect(manifest?.members.filter(({ kind }) => kind === "file")).toHaveLength(2);
    expect(leftOut).toEqual([
      { filename: "", from: "nothing", outcome: "refused", reason: "There is no nothing." },
      { filename: second?.filename, from: "acme", outcome: "refused", reason: "no is refused." },
    ]);
    expect(pageIn(asked.folder, "acme")?.files.map(({ filename }) => filename)).toEqual([first?.filename]);
  });

  test("carries a file whose page says neither its size nor its digest, whenever it is killed", async () => {
    const unsaid = { ...FILES[0], more: { hashes: {}, size: undefined } } as StandInFile;
    const { folder } = await exported([unsaid], undefined, ["acme"]);
    expect(pageIn(folder, "acme")?.files[0]).toMatchObject({ size: 903, hashes: { sha256: digestOf(unsaid.bytes) } });
    for (let at = 2; at <= 8; at++) {
      const asked = { folder: folderOf(), chain: newChain(CHAIN), key, projects: ["acme"] };
      await exportAll(
        standInIndex(() => [unsaid], killingAt(at)),
        asked,
      ).catch(() => undefined);
      if (!(await isWholeStep(asked.folder)))
        await exportAll(
          standInIndex(() => [unsaid], never),
          asked,
        );
      expect(digestsIn(asked.folder), `killed at call ${at}`).toEqual(digestsIn(folder));
    }
    // Its project is not looked at again unless it is wanted: what of it was carried is not known.
    const next = await exported([unsaid, fileOf("acme", "1.1")], folder, []);
    expect([next.keys, next.manifest?.removed]).toEqual([["end end"], []]);
  });
});

describe("an export of more than a step has room for", () => {
  const stepAfter = async (files: readonly StandInFile[], most: number, since?: string) => {
    const folder = folderOf();
    const chain = since === undefined ? newChain(CHAIN) : await readChain(since, [key.publicText]);
    const asked = { folder, chain, key, projects: ["acme", "other"] };
    const { manifest, waiting } = await exportAll(
      standInIndex(() => files, never),
      asked,
      { most },
    );
    const members = manifest?.members ?? [];
    expect(members.length).toBeLessThanOrEqual(most);
    return { folder, waiting, pages: members.filter(({ kind }) => kind === "page").map(({ key: name }) => name) };
  };

  test("has whole projects, and the next step has the others", async () => {
    // acme is six members and a page, other three and a page; every step has an end, and room for advisories and lists.
    const one = await stepAfter(FILES, 11);
    expect(one).toMatchObject({ waiting: 1, pages: ["acme"] });
    const two = await stepAfter(FILES, 11, one.folder);
    expect(two).toMatchObject({ waiting: 0, pages: ["other"] });
    expect(await stepAfter(FILES, 11, two.folder)).toMatchObject({ waiting: 0, pages: [] });
  });

  test("carries a yank of a project whose new files must wait", async () => {
    const first = await stepAfter(FILES.slice(1), 20);
    const yanked = [...FILES.slice(0, 1), fileOf("acme", "1.1", { yanked: "broken" }), ...FILES.slice(2)];
    const { folder, waiting } = await stepAfter(yanked, 6, first.folder);
    expect(waiting).toBe(1);
    expect(pageIn(folder, "acme")?.files).toMatchObject([{ filename: "acme-1.1.tar.gz", yanked: "broken" }]);
  });

  test("divides a project that no step has room for", async () => {
    const many = Array.from({ length: 7 }, (_, at) => fileOf("acme", `2.${at}`));
    let [waiting, since, steps]: [number, string | undefined, number] = [1, undefined, 0];
    while (waiting > 0) {
      const step: Awaited<ReturnType<typeof stepAfter>> = await stepAfter(many, 13, since);
      [waiting, since, steps] = [step.waiting, step.folder, steps + 1];
    }
    expect(steps).toBe(3);
    expect(pageIn(since ?? "", "acme")?.files.map(({ filename }) => filename)).toEqual(
      many.map(({ filename }) => filename),
    );
  });
});

describe("an increment", () => {
  test("has what is new, and pages that have changed", async () => {
    const first = await exported(FILES.slice(0, 1), undefined, ["acme"]);
    const second = await exported(FILES, first.folder);
    expect(second.keys).toEqual([
      "file acme-1.1.tar.gz",
      "file other-2.0.tar.gz",
      "metadata acme-1.1.tar.gz",
      "metadata other-2.0.tar.gz",
      "provenance acme-1.1.tar.gz",
      "provenance other-2.0.tar.gz",
      "page acme",
      "page other",
      "end end",
    ]);
    expect(second.manifest).toMatchObject({
      sequence: 2,
      before: digestOf(readFileSync(join(first.folder, "manifest.json"))),
    });
    expect(pageIn(second.folder, "acme")?.files).toHaveLength(2);
    const third = await exported(FILES, second.folder);
    expect(third.keys).toEqual(["end end"]);
    // Only what was wanted before is looked at: a yank counts, and a new file does not.
    const yanked = FILES.slice(1).map((file) => ({ ...file, more: { ...file.more, yanked: "later" } }));
    const fourth = await exported([...yanked, fileOf("other", "3.0")], third.folder, []);
    expect(fourth.keys).toEqual(["page acme", "page other", "end end"]);
    expect(pageIn(fourth.folder, "acme")?.files.map(({ yanked: why }) => why)).toEqual(["later"]);
  });

  test("removes a project that the index does not have any more, and has it again", async () => {
    const first = await exported(FILES);
    const second = await exported(FILES.slice(0, 2), first.folder, ["acme"]);
    expect([second.keys, second.manifest?.removed]).toEqual([["end end"], ["other"]]);
    const third = await exported(FILES, second.folder);
    expect([third.keys, third.manifest?.removed]).toEqual([["page other", "end end"], []]);
  });

  test("is not exported after a step that was changed, or signed with another key", async () => {
    const first = await exported(FILES.slice(0, 1));
    const second = await exported(FILES, first.folder);
    const other = makeSigningKey(join(work, "other.pem"));
    await expect(readChain(second.folder, [other.publicText])).rejects.toThrow(
      /was not signed with ed25519:.*, or was changed\. Where it was signed with an earlier key of yours, name that one's public half with --since-key\./,
    );
    expect(await readChain(second.folder, [other.publicText, key.publicText])).toMatchObject({
      signedBy: key.publicText,
    });
    expect((await readChain(join(second.folder, "manifest.json"), [key.publicText])).sequence).toBe(3);
    const earlier = join(second.folder, EARLIER, "step-0001.json");
    writeFileSync(earlier, readFileSync(earlier, "utf8").replace('"serial":"7"', '"serial":"8"'));
    await expect(readChain(second.folder, [key.publicText])).rejects.toThrow(
      /is not the manifest that step 2 was exported after/,
    );
    const manifest = join(first.folder, "manifest.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"serial":"7"', '"serial":"8"'));
    await expect(readChain(first.folder, [key.publicText])).rejects.toThrow(
      /was not signed with ed25519:.*, or was changed/,
    );
  });
});

test("a key is read as it was made, and no other file is a key", () => {
  const again = readSigningKey(join(work, "owner.pem"));
  expect([again.publicText, again.sign(Buffer.from("a"))]).toEqual([key.publicText, key.sign(Buffer.from("a"))]);
  expect(() => makeSigningKey(join(work, "owner.pem"))).toThrow(/is there already/);
  writeFileSync(join(work, "no.pem"), "-----BEGIN PRIVATE KEY-----\n");
  expect(() => readSigningKey(join(work, "no.pem"))).toThrow(/is not an Ed25519 key in PEM/);
  expect(() => readSigningKey(join(work, "none.pem"))).toThrow(/cannot be read: there is no such file/);
});
