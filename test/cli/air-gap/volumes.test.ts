import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Journal } from "../../../cli/air-gap/journal.ts";
import { placesIn, readVolume, wrongHeader } from "../../../cli/air-gap/read-volume.ts";
import { tarHeader } from "../../../cli/air-gap/tar.ts";
import { VolumeWriter, WrongBytes } from "../../../cli/air-gap/volume-writer.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";

const work = temporaryDirectory();
afterAll(() => removeDirectory(work));
const folderOf = () => mkdtempSync(join(work, "step-"));

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function* chunksOf(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** Files of these sizes, no two with the same bytes. */
const filesOf = (...sizes: number[]) =>
  sizes.map((size, at) => {
    const bytes = Buffer.alloc(size, at + 1);
    return { kind: "file" as const, key: digestOf(bytes), size, sha256: digestOf(bytes), bytes };
  });

async function write(folder: string, files: ReturnType<typeof filesOf>, limit = 1e9) {
  const journal = new Journal(join(folder, "journal"));
  const writer = await VolumeWriter.open(folder, limit, 1, journal);
  for (const { bytes, ...member } of files) if (!writer.find(member)) await writer.add(member, chunksOf(bytes));
  return { journal, writer };
}

/** Names and digests: a difference is then a short one. */
const contentOf = (folder: string) =>
  tars(folder).map((name) => `${name} ${digestOf(readFileSync(join(folder, name)))}`);
const unfinished = (folder: string) => tars(folder).filter((name) => name.endsWith(".part"));
const tars = (folder: string) => readdirSync(folder).filter((name) => name.includes("volume"));

describe("a volume", () => {
  test("is a tar of regular files, which any tar reads", async () => {
    const folder = folderOf();
    const files = filesOf(0, 1, 511, 512, 513, 5000);
    const { journal, writer } = await write(folder, files);
    await writer.end();
    const [volume] = journal.volumes;
    const path = join(folder, volume?.name ?? "");
    const names = execFileSync("tar", ["tf", path]).toString().trim().split("\n");
    expect(names).toEqual(files.map(({ key }) => `file/${key}`));
    const last = files.at(-1);
    expect(execFileSync("tar", ["xOf", path, `file/${last?.key}`])).toEqual(last?.bytes);
    const content = readFileSync(path);
    expect(volume).toEqual({ name: "step-0001-volume-0001.tar", size: content.byteLength, sha256: digestOf(content) });
    expect(await readVolume(path, journal.members, content.byteLength)).toEqual({
      whole: files.length,
      sha256: volume?.sha256,
    });
  });

  test("is at most as large as it may be, but for a member that is larger alone", async () => {
    const folder = folderOf();
    const { journal, writer } = await write(folder, filesOf(1000, 1000, 9000, 1000), 5000);
    await writer.end();
    expect(journal.members.map(({ volume }) => volume)).toEqual([1, 1, 2, 3]);
    expect(journal.volumes.map(({ size }) => size <= 5000)).toEqual([true, false, true]);
  });

  test.each([
    ["more bytes", Buffer.alloc(1001, 1), /more than the 1000 bytes/],
    ["fewer bytes", Buffer.alloc(999, 1), /ended after 999 of 1000/],
    ["other bytes", Buffer.alloc(1000, 9), /has the sha256 .*, and the index says/],
  ])("takes nothing of a file that arrives with %s", async (_what, bytes, sentence) => {
    const folder = folderOf();
    const [first, second] = filesOf(1000, 700);
    if (!first || !second) throw new Error("two files");
    const { journal, writer } = await write(folder, []);
    const { bytes: _bytes, ...member } = first;
    const added = writer.add(member, chunksOf(bytes));
    await expect(added).rejects.toThrow(sentence);
    await expect(added).rejects.toBeInstanceOf(WrongBytes);
    await writer.add(second, chunksOf(second.bytes));
    await writer.end();
    expect(journal.members.map(({ key }) => key)).toEqual([second.key]);
    expect(execFileSync("tar", ["tf", join(folder, "step-0001-volume-0001.tar")]).toString()).toBe(
      `file/${second.key}\n`,
    );
  });
});

describe("an export that goes on", () => {
  const files = filesOf(3000, 100, 2000, 700);

  /** The volumes of an export that nothing interrupted. */
  async function whole(limit: number): Promise<readonly string[]> {
    const folder = folderOf();
    await (await write(folder, files, limit)).writer.end();
    return contentOf(folder);
  }

  test.each([
    ["nothing was lost", () => undefined],
    [
      "the journal's last line was cut off",
      (folder: string) => appendFileSync(join(folder, "journal"), '{"member":{"kind":"fi'),
    ],
    [
      "bytes behind the last member were written",
      (folder: string) =>
        unfinished(folder).forEach((name) => appendFileSync(join(folder, name), Buffer.alloc(5000, 7))),
    ],
    [
      "the disk has lost the end of the volume",
      (folder: string) => unfinished(folder).forEach((name) => truncateSync(join(folder, name), 1700)),
    ],
    [
      "the disk has lost all of the volume",
      (folder: string) => unfinished(folder).forEach((name) => truncateSync(join(folder, name), 0)),
    ],
  ] as const)("makes the same volumes where %s", async (_what, happen) => {
    for (const limit of [1e9, 5000])
      for (let count = 0; count <= files.length; count++) {
        const folder = folderOf();
        const { writer } = await write(folder, files.slice(0, count), limit);
        await writer.close();
        happen(folder);
        await (await write(folder, files, limit)).writer.end();
        expect(contentOf(folder)).toEqual(await whole(limit));
      }
  });

  test("takes a volume back that has its name, where the journal does not say so", async () => {
    const folder = folderOf();
    const { writer } = await write(folder, files.slice(0, 2));
    await writer.close();
    renameSync(join(folder, "step-0001-volume-0001.tar.part"), join(folder, "step-0001-volume-0001.tar"));
    await (await write(folder, files)).writer.end();
    expect(contentOf(folder)).toEqual(await whole(1e9));
  });

  test("does not finish a volume of which the disk has other bytes", async () => {
    const folder = folderOf();
    const { writer } = await write(folder, files);
    const path = join(folder, "step-0001-volume-0001.tar.part");
    const bytes = readFileSync(path);
    bytes[600] = 99;
    writeFileSync(path, bytes);
    await expect(writer.end()).rejects.toThrow(/does not have the bytes that were written to it/);
    await (await write(folder, files)).writer.end();
    expect(contentOf(folder)).toEqual(await whole(1e9));
  });
});

describe("the header of a member", () => {
  const [file] = filesOf(700);
  if (!file) throw new Error("a file");
  const name = `file/${file.key}`;
  const changed = (at: number, text: string) => {
    const header = tarHeader(name, 700);
    header.set(new TextEncoder().encode(text), at);
    return header;
  };

  test.each([
    [
      "a path that leads out",
      tarHeader("../../etc/passwd", 700),
      /it has a file "\.\.\/\.\.\/etc\/passwd" of 700 bytes/,
    ],
    ["another size", tarHeader(name, 701), /of 701 bytes where .* of 700 bytes is expected/],
    ["a symbolic link", changed(156, "2"), /a symbolic link/],
    ["a hard link", changed(156, "1"), /a hard link/],
    ["a sparse file", changed(156, "S"), /a sparse file/],
    ["a device", changed(156, "3"), /a device/],
    ["an extended header", changed(156, "x"), /an extended header/],
    ["a size of another form", changed(124, "\u00ff\u00ff"), /of NaN bytes/],
    ["a prefix of the path", changed(345, "../.."), /"\.\.\/\.\.\/file/],
    ["a mode of its own", changed(100, "0004755"), /a file/],
    ["the end of the tar", new Uint8Array(512), /it ends where/],
    ["a part of a block", new Uint8Array(100), /it ends where/],
  ])("is refused with %s", (_what, header, sentence) => {
    expect(wrongHeader(header, file)).toMatch(sentence);
  });

  test("is accepted as it is written", () => {
    expect(wrongHeader(tarHeader(name, 700), file)).toBeUndefined();
    expect(placesIn([file, file]).places.map(({ offset }) => offset)).toEqual([0, 512 + 1024]);
  });
});
