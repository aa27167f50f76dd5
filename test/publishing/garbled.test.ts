import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { unpackTar } from "modern-tar";
import { expect, test } from "vitest";
import { IndexError } from "../../worker/errors.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { gzipped, tar, zip } from "../support/archive.ts";
import { publishableSdist, publishableWheel, sdistEntries, stagedOf, wheelEntries } from "../support/release.ts";
import { SDIST, WHEEL } from "./support.ts";

/** What the file unpacks to if it is taken. Whatever else happens than a refusal of it is a defect. */
async function taken<T>(filename: string, bytes: Uint8Array, unpack: (bytes: Uint8Array) => Promise<T>) {
  try {
    await inspect(filename, stagedOf(bytes));
  } catch (error) {
    if (error instanceof IndexError && error.kind === "bad-request") return "refused";
    throw error;
  }
  return unpack(bytes);
}

/** What becomes of these files, each kind of it once. */
async function outcomes<T>(
  filename: string,
  files: Iterable<Promise<Uint8Array> | Uint8Array>,
  unpack: (bytes: Uint8Array) => Promise<T>,
) {
  const seen = new Set<string>();
  for (const file of files) seen.add(JSON.stringify(await taken(filename, await file, unpack)));
  return seen;
}

/** Numbers below `limit` that look random and are the same each time (a linear congruential generator). */
function numbers(seed: number) {
  let state = seed;
  return (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** The same bytes with one to three of them changed. */
function garbled(bytes: Uint8Array, below: (limit: number) => number, from = 0): Uint8Array {
  const copy = bytes.slice();
  for (let left = 1 + below(3); left > 0; left--) {
    const at = from + below(bytes.byteLength - from);
    copy[at] = (copy[at] ?? 0) ^ (1 + below(255));
  }
  return copy;
}

async function unzipped(bytes: Uint8Array) {
  const members: Record<string, string> = {};
  for (const entry of await new ZipReader(new Uint8ArrayReader(bytes)).getEntries()) {
    if (entry.directory) continue;
    const content = await entry.getData(new Uint8ArrayWriter(), { useWebWorkers: false });
    members[entry.filename] = content.toBase64();
  }
  return members;
}

const untarred = async (bytes: Uint8Array) =>
  (await unpackTar(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")))).map(({ header, data }) => [
    header.name,
    data?.toBase64(),
  ]);

const ROUNDS = 120;
const many = <T>(make: () => T) => Array.from({ length: ROUNDS }, make);
const unlooked = async () => "taken";

const REFUSED = JSON.stringify("refused");

test.each([
  ["deflated", false],
  ["stored", true],
])("a wheel with wrong bytes in it is refused, or unpacks to the very same files: %s", async (_how, stored) => {
  const files = { "demo/a.py": "a = 1\n".repeat(20), "demo/b.py": "" };
  const wheel = await zip((await wheelEntries({ files })).map((entry) => ({ ...entry, stored })));
  const below = numbers(6);
  const seen = await outcomes(
    WHEEL,
    many(() => garbled(wheel, below)),
    unzipped,
  );
  expect(seen).toEqual(new Set([REFUSED, JSON.stringify(await unzipped(wheel))]));
});

test("a wheel with wrong bytes in its directory is refused, or unpacks to the very same files", async () => {
  const wheel = await publishableWheel();
  const directory = wheel.findIndex((byte, at) => byte === 0x50 && wheel[at + 1] === 0x4b && wheel[at + 2] === 1);
  const below = numbers(7);
  const seen = await outcomes(
    WHEEL,
    many(() => garbled(wheel, below, directory)),
    unzipped,
  );
  expect(seen).toEqual(new Set([REFUSED, JSON.stringify(await unzipped(wheel))]));
});

test("an sdist with wrong bytes in it is refused, or unpacks to the very same files", async () => {
  const sdist = await publishableSdist();
  const below = numbers(8);
  const seen = await outcomes(
    SDIST,
    many(() => garbled(sdist, below)),
    untarred,
  );
  expect(seen).toEqual(new Set([REFUSED, JSON.stringify(await untarred(sdist))]));
});

test("an sdist with any bytes in its archive is taken or refused, and nothing else", async () => {
  const archive = await tar([{ path: "demo-1.0/", type: "5" }, ...sdistEntries()]);
  const below = numbers(9);
  const seen = await outcomes(
    SDIST,
    many(() => gzipped(garbled(archive, below))),
    unlooked,
  );
  expect(seen).toEqual(new Set([REFUSED, JSON.stringify("taken")]));
});

test.each([
  [WHEEL, await publishableWheel()],
  [SDIST, await publishableSdist()],
])("%s is refused wherever it was cut", async (filename, bytes) => {
  const below = numbers(10);
  const heads = many(() => bytes.slice(0, below(bytes.byteLength)));
  const tails = many(() => bytes.slice(1 + below(bytes.byteLength - 1)));
  expect(await outcomes(filename, [...heads, ...tails], unlooked)).toEqual(new Set([REFUSED]));
});
