import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../../worker/pypi/name.ts";
import { resolveRange } from "../../../worker/repository/range.ts";
import { UnreadableWheel, type ReadRange } from "../../../worker/repository/ranged-archive.ts";
import { metadataOf } from "../../../worker/layers/files/wheel-metadata.ts";
import { extra, joined, noise, zip, zip64 } from "../../support/archive.ts";
import { demoWheel, metadataText, zipped } from "../../support/wheel.ts";

const DEMO = parseProjectName("demo");
const METADATA = metadataText("demo");

/** Parts of bytes, and how many were asked for. */
function reading(bytes: Uint8Array) {
  const asked = { times: 0, bytes: 0 };
  const read: ReadRange = async (range) => {
    const part = resolveRange(range, bytes.byteLength);
    if (part === "unsatisfiable") throw new Error("no such part");
    asked.times += 1;
    asked.bytes += part.length;
    const { offset, length } = part;
    return { bytes: bytes.slice(offset, offset + length), offset, size: bytes.byteLength };
  };
  return { read, asked };
}

const text = async (bytes: Uint8Array, project = DEMO) =>
  new TextDecoder().decode((await metadataOf(project, reading(bytes).read)) ?? undefined);

const reason = async (bytes: Uint8Array) => {
  const error: unknown = await metadataOf(DEMO, reading(bytes).read).catch((thrown: unknown) => thrown);
  return error instanceof UnreadableWheel ? error.message : error;
};

/** The same archive with a 32-bit number in the central directory's entry for METADATA changed. */
function claiming(bytes: Uint8Array, field: number, value: number): Uint8Array {
  const copy = bytes.slice();
  const name = new TextEncoder().encode("demo-1.0.dist-info/METADATA");
  const at = copy.findLastIndex((_, start) => name.every((byte, index) => copy[start + index] === byte));
  new DataView(copy.buffer).setUint32(at - 46 + field, value, true);
  return copy;
}

describe("METADATA", () => {
  test.each([
    ["deflated", 6],
    ["stored", 0],
  ])("that is %s comes byte for byte", async (_how, level) => {
    expect(await text(await zipped({ "demo-1.0.dist-info/METADATA": METADATA }, level))).toBe(METADATA);
  });

  test("at the end of a wheel of any size costs one read", async () => {
    const { read, asked } = reading(await demoWheel(3_000_000));
    await metadataOf(DEMO, read);
    expect(asked).toEqual({ times: 1, bytes: 66 * 1024 });
  });

  test("in front of the code costs two reads", async () => {
    const wheel = await zipped({ "demo-1.0.dist-info/METADATA": METADATA, "demo/code.py": 500_000 });
    const { read, asked } = reading(wheel);
    expect(new TextDecoder().decode((await metadataOf(DEMO, read)) ?? undefined)).toBe(METADATA);
    expect(asked.times).toBe(2);
    expect(asked.bytes).toBeLessThan(70_000);
  });

  test("of a wheel with a long directory costs three reads", async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`demo/${"long".repeat(50)}${n}.py`, ""]));
    const wheel = await zipped({ "demo-1.0.dist-info/METADATA": METADATA, ...many, "demo/code.py": 100 });
    const { read, asked } = reading(wheel);
    await metadataOf(DEMO, read);
    expect(asked.times).toBe(3);
  });

  test.each(["Demo_Project-1.0", "demo.project-1.0", "demo-project-1.0", "demo_project-1.0.post1-2"])(
    "is found in %s.dist-info, whose name normalises to demo-project",
    async (info) => {
      const wheel = await zipped({ [`${info}.dist-info/METADATA`]: METADATA });
      expect(await text(wheel, parseProjectName("demo-project"))).toBe(METADATA);
    },
  );

  test("of others in the wheel is not mistaken for it", async () => {
    const wheel = await zipped({
      "other-1.0.dist-info/METADATA": "other",
      "demo_extra-1.0.dist-info/METADATA": "other",
      "demo/_vendor/demo-1.0.dist-info/METADATA": "vendored",
      "demo-1.0.dist-info/METADATA": METADATA,
    });
    expect(await text(wheel)).toBe(METADATA);
  });
});

describe("METADATA is found as Python's zipfile finds it", () => {
  const NAME = "demo-1.0.dist-info/METADATA";
  const code = { name: "demo/code.py", content: noise(500) };
  const member = { name: NAME, content: METADATA };
  const size = new TextEncoder().encode(METADATA).byteLength;

  /** The directory's length and offset, from the record at the end. */
  const directoryOf = (bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteLength - 22);
    return { length: view.getUint32(12, true), offset: view.getUint32(16, true) };
  };

  /** ZIP64's end record and the record that says where it is; only the first is read for what it says. */
  function zip64End({ length, offset }: { length: number; offset: number }): Uint8Array {
    const view = new DataView(new ArrayBuffer(76));
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(40, BigInt(length), true);
    view.setBigUint64(48, BigInt(offset), true);
    view.setUint32(56, 0x07064b50, true);
    return new Uint8Array(view.buffer);
  }

  test("where a comment follows the directory", async () => {
    expect(await text(await zip([code, member], { comment: "c".repeat(60_000) }))).toBe(METADATA);
  });

  test("where bytes stand in front of the archive", async () => {
    expect(await text(await joined(["#!/usr/bin/env python\n", await zip([code, member])]))).toBe(METADATA);
  });

  test("where the directory counts fewer members than it has", async () => {
    expect(await text(await zip([code, member], { count: 1 }))).toBe(METADATA);
  });

  test("where the directory's place is in ZIP64's end record", async () => {
    const before = zip64End(directoryOf(await zip([code, member])));
    expect(await text(await zip([code, member], { before, length: 0xffffffff }))).toBe(METADATA);
    const misplaced = zip64End({ ...directoryOf(await zip([code, member])), length: 4_000_000_000 });
    expect(await reason(await zip([code, member], { before: misplaced }))).toContain("out of the file");
  });

  test("where its sizes are in an extra field of ZIP64", async () => {
    const wide = { compressedSize: 0xffffffff, uncompressedSize: 0xffffffff, extra: await zip64(size, size) };
    expect(await text(await zip([code, { ...member, stored: true, central: wide }]))).toBe(METADATA);
    const other = { ...wide, extra: await extra(0x5455, new Uint8Array(5)) };
    expect(await reason(await zip([code, { ...member, stored: true, central: other }]))).toContain("more than 5 MiB");
  });
});

describe("a wheel is unreadable", () => {
  test.each([
    ["has no METADATA", { "demo/__init__.py": "" }, "no METADATA of demo"],
    ["has another project's only", { "other-1.0.dist-info/METADATA": METADATA }, "no METADATA of demo"],
    [
      "has two",
      { "demo-1.0.dist-info/METADATA": METADATA, "Demo-2.0.dist-info/METADATA": METADATA },
      "more than one METADATA",
    ],
    ["has one of over 5 MiB", { "demo-1.0.dist-info/METADATA": new Uint8Array(6_000_000) }, "more than 5 MiB"],
  ])("that %s", async (_what, members, sentence) => {
    expect(await reason(await zipped(members))).toContain(sentence);
  });

  test("that inflates to more than its header says", async () => {
    const bomb = await zipped({ "demo-1.0.dist-info/METADATA": new Uint8Array(50_000_000) });
    expect(await reason(claiming(bomb, 24, 1_000))).toContain("more than 5 MiB");
  });

  test("that claims a METADATA larger than the wheel", async () => {
    const wheel = await zipped({ "demo-1.0.dist-info/METADATA": METADATA });
    expect(await reason(claiming(wheel, 20, 4_000_000_000))).toContain("more than 5 MiB");
    expect(await reason(claiming(wheel, 42, 4_000_000))).toContain("not where its directory says");
  });

  test("that has wrong bytes in METADATA", async () => {
    const wheel = await zipped({ "demo-1.0.dist-info/METADATA": METADATA }, 0);
    const at = wheel.findIndex((_, start) => wheel[start] === 0x4d && wheel[start + 1] === 0x65);
    wheel[at] = 0x6d;
    expect(await reason(wheel)).toContain("size and the checksum");
  });

  test.each([1, 100, 190_000])("that was cut by %i bytes", async (missing) => {
    const wheel = await demoWheel();
    expect(await reason(wheel.slice(0, wheel.byteLength - missing))).toBe("it has no ZIP directory at its end");
  });

  test("whose directory is broken off", async () => {
    const wheel = await zip([{ name: "demo-1.0.dist-info/METADATA", content: METADATA }], { length: 30 });
    expect(await reason(wheel)).toContain("broken off");
  });

  test("that is no archive at all", async () => {
    const page = new TextEncoder().encode("<!DOCTYPE html>".repeat(10_000));
    expect(await reason(page)).toBe("it has no ZIP directory at its end");
  });
});

test("a directory of nothing but METADATA is not read beyond the second", async () => {
  const name = new TextEncoder().encode("demo-1.0.dist-info/METADATA");
  const size = 46 + name.length;
  const members = 60_000;
  const wheel = new Uint8Array(members * size + 22);
  const view = new DataView(wheel.buffer);
  for (let at = 0; at < members * size; at += size) {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 28, name.length, true);
    wheel.set(name, at + 46);
  }
  // The third entry is none: who reads on finds that first.
  view.setUint32(2 * size, 0, true);
  view.setUint32(members * size, 0x06054b50, true);
  view.setUint16(members * size + 8, members, true);
  view.setUint16(members * size + 10, members, true);
  view.setUint32(members * size + 12, members * size, true);
  expect(await reason(wheel)).toContain("more than one METADATA");
});

test("a wheel is unreadable whose directory and METADATA come to more than 12 MiB together", async () => {
  const many = Object.fromEntries(Array.from({ length: 138 }, (_, n) => ["long".repeat(15_000) + n, ""]));
  const wheel = await zipped({ "demo-1.0.dist-info/METADATA": 4_800_000, ...many });
  expect(await reason(wheel)).toContain("too large");
});

test("an error of a read is thrown unchanged, and does not make the wheel unreadable", async () => {
  const { read } = reading(await zipped({ "demo-1.0.dist-info/METADATA": METADATA, "demo/code.py": 500_000 }));
  const broken = new Error("connection lost");
  let reads = 0;
  const failing: ReadRange = (range) => (reads++ === 0 ? read(range) : Promise.reject(broken));
  await expect(metadataOf(DEMO, failing)).rejects.toBe(broken);
});
