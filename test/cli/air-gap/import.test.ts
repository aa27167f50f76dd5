import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newChain, readChain } from "../../../cli/air-gap/chain.ts";
import { foundSteps } from "../../../cli/air-gap/found-steps.ts";
import { importStep } from "../../../cli/air-gap/import-step.ts";
import { makeSigningKey } from "../../../cli/air-gap/signing-key.ts";
import { CommandError } from "../../../cli/lib/command-error.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { exportAll, Killed, killingAt, standInIndex, StandInFar } from "./stand-in.ts";

const work = temporaryDirectory();
afterAll(() => removeDirectory(work));
const key = makeSigningKey(join(work, "owner.pem"));
const [first, second] = [join(work, "first"), join(work, "second")];

const FILES = ["1.0", "1.1", "1.2"].map((version) => ({
  project: "acme",
  filename: `acme-${version}.tar.gz`,
  bytes: Buffer.alloc(1500, version),
}));

beforeAll(async () => {
  const step = (folder: string, count: number, chain: ReturnType<typeof newChain>) =>
    exportAll(
      standInIndex(
        () => FILES.slice(0, count),
        () => undefined,
      ),
      { folder, chain, key, projects: ["acme"] },
    );
  await step(first, 2, newChain("0123456789abcdef0123456789abcdef"));
  await step(second, 3, await readChain(first, [key.publicText]));
});

/** A copy of a step that may be changed. */
function copyOf(folder: string): string {
  const copy = mkdtempSync(join(work, "copy-"));
  cpSync(folder, copy, { recursive: true });
  return copy;
}
const tarsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".tar"));
const volumeIn = (folder: string, at = 0) => join(folder, tarsIn(folder)[at] ?? "");

async function importAll(far: StandInFar, ...folders: string[]) {
  const results = [];
  for (const step of await foundSteps(folders, [key.publicText]))
    results.push(await importStep(step, far, () => undefined));
  return results;
}

test("steps arrive whole, in their order, whichever folder has what", async () => {
  const far = new StandInFar();
  const [manifests, volumes] = [copyOf(first), mkdtempSync(join(work, "disc-"))];
  for (const name of tarsIn(manifests)) renameSync(join(manifests, name), join(volumes, name));
  const results = await importAll(far, second, volumes, manifests);
  expect(results.map(({ sequence, next }) => [sequence, next])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
  expect(far.whole?.manifest.sequence).toBe(2);
  expect((await importAll(far, first, second)).map(({ sent }) => sent)).toEqual([0, 0]);
});

test("a step whose volumes are on several discs is imported in any number of sittings, and says which volume is next", async () => {
  const far = new StandInFar();
  const names = tarsIn(first);
  expect(names.length).toBeGreaterThan(1);
  for (const [at, name] of names.entries()) {
    const disc = mkdtempSync(join(work, "disc-"));
    for (const each of [name, "manifest.json", "manifest.sig"]) cpSync(join(first, each), join(disc, each));
    const [result] = await importAll(far, disc);
    expect(result?.next).toBe(names[at + 1]);
  }
  expect(far.whole?.manifest.sequence).toBe(1);
});

test("an import that is killed at any moment goes on", async () => {
  let at = 1;
  for (let isKilled = true; isKilled; at++) {
    const far = new StandInFar();
    far.step = killingAt(at);
    isKilled = await importAll(far, first).then(
      () => false,
      (error: unknown) => error instanceof Killed,
    );
    far.step = () => undefined;
    await importAll(far, first);
    expect(far.whole?.manifest.sequence, `killed at call ${at}`).toBe(1);
  }
  expect(at).toBeGreaterThan(12);
});

/** A far index whose step another import ends, or does not, while its third member is sent. */
class SharedFar extends StandInFar {
  ends: "by another" | "not" = "by another";

  override async put(...member: Parameters<StandInFar["put"]>): Promise<void> {
    if (member[0] < 3) return super.put(...member);
    return this.#refuse();
  }

  override done = () => this.#refuse();

  async #refuse(): Promise<void> {
    if (this.ends === "by another") this.whole = this.open ?? this.whole;
    throw new CommandError("Another import has ended this step.", "refused", 409);
  }
}

test("an import beside another one that ends the step first has done its work, and only then", async () => {
  const far = new SharedFar();
  expect(await importAll(far, first)).toMatchObject([{ sequence: 1, next: undefined }]);
  const refusing = new SharedFar();
  refusing.ends = "not";
  await expect(importAll(refusing, first)).rejects.toThrow("Another import has ended this step.");
});

describe("what is not as it was exported is refused:", () => {
  const change = (file: string, at: number, byte: number) => {
    const bytes = readFileSync(file);
    bytes[at] = byte;
    writeFileSync(file, bytes);
  };
  const inManifest = (folder: string, from: string, to: string) => {
    const file = join(folder, "manifest.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
  };

  test.each([
    [
      "a changed byte of a file",
      (folder: string) => change(volumeIn(folder), 600, 1),
      /file\/\w+ has the sha256 \w+, and the manifest says \w+/,
    ],
    [
      "a changed header",
      (folder: string) => change(volumeIn(folder), 156, 50),
      /it has a symbolic link "file\/\w+" of 1500 bytes where/,
    ],
    [
      "a volume that was cut off",
      (folder: string) => truncateSync(volumeIn(folder), 1000),
      /has 1000 bytes, and the manifest says \d+: it is not whole/,
    ],
    [
      "two volumes in each other's place",
      (folder: string) => {
        const [one, other] = [volumeIn(folder, 0), volumeIn(folder, 1)];
        renameSync(one, `${one}.aside`);
        renameSync(other, one);
        renameSync(`${one}.aside`, other);
      },
      /it is not whole, or another file|where file\/\w+ of 1500 bytes is expected/,
    ],
    [
      "a changed manifest",
      (folder: string) => inManifest(folder, '"serial":"7"', '"serial":"8"'),
      /was not signed with this key, or was changed/,
    ],
    [
      "a manifest that is none",
      (folder: string) => writeFileSync(join(folder, "manifest.json"), "[]"),
      /is not the manifest of an export/,
    ],
    [
      "a signature that is missing",
      (folder: string) => rmSync(join(folder, "manifest.sig")),
      /manifest\.sig cannot be read: there is no such file/,
    ],
    [
      "a manifest that is missing",
      (folder: string) => rmSync(join(folder, "manifest.json")),
      /There is no manifest\.json in/,
    ],
  ] as const)("%s", async (_what, happen, sentence) => {
    const folder = copyOf(first);
    happen(folder);
    const far = new StandInFar();
    await expect(importAll(far, folder)).rejects.toThrow(sentence);
    expect(far.whole).toBeUndefined();
  });

  test("steps of two chains, or two of one number", async () => {
    const other = join(work, "other");
    const reader = standInIndex(
      () => FILES,
      () => undefined,
    );
    const chain = newChain("f".repeat(32));
    await exportAll(reader, { folder: other, chain, key, projects: ["acme"] });
    await expect(foundSteps([first, other], [])).rejects.toThrow(/steps of different chains/);
    const twin = join(work, "twin");
    await exportAll(reader, { folder: twin, chain, key, projects: ["acme"] }, { now: () => 1 });
    await expect(foundSteps([other, twin], [])).rejects.toThrow(/two different manifests of step 1/);
  });

  test("a folder that is none, and a step that another key has signed", async () => {
    await expect(foundSteps([join(work, "none")], [])).rejects.toThrow(/^There is no folder .*none\.$/);
    mkdirSync(join(work, "empty"));
    await expect(foundSteps([join(work, "empty")], [])).rejects.toThrow(/There is no manifest\.json/);
    const other = makeSigningKey(join(work, "other.pem"));
    await expect(foundSteps([first], [other.publicText])).rejects.toThrow(/was not signed with this key/);
    expect(await foundSteps([first], [other.publicText, key.publicText])).toHaveLength(1);
  });
});
