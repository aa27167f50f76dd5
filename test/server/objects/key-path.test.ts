import { isAbsolute, normalize } from "node:path";
import { expect, test } from "vitest";
import { folderOfPrefix, keyAt, pathOfObject } from "../../../server/objects/key-path.ts";

const VERSION = "0123456789abcdef";

test.each([
  ["hosted/00ff/1a2b", "hosted/00ff/1a2b"],
  ["hosted/00ff/1a2b.metadata", "hosted/00ff/1a2b.metadata"],
  [
    "file/https%3A%2F%2Fpypi.org%2Fsimple/files.pythonhosted.org/packages/Flask-3.0-py3-none-any.whl",
    "file/https%3!a%2!f%2!fpypi.org%2!fsimple/files.pythonhosted.org/packages/!flask-3.0-py3-none-any.whl",
  ],
  ["a//b/", "a/=/b/="],
  ["", "="],
  ["../..", ".=2e/.=2e"],
  ["/etc/passwd", "=/etc/passwd"],
  ["con/aux.txt/conf", "=63on/=61ux.txt/conf"],
  ["a@b=c!d~", "a=40b=3dc=21d=7e"],
  ["é\n", "=c3=a9=0a"],
  ["x".repeat(230), `${"x".repeat(72)}=/${"x".repeat(72)}=/${"x".repeat(72)}=/${"x".repeat(14)}`],
])("%j lies at %s", (key, path) => {
  expect(pathOfObject(key, VERSION)).toBe(`${path}@${VERSION}`);
});

test("the folder of a prefix is above all files of its keys", () => {
  expect(pathOfObject("Hosted/a/b", VERSION)).toBe(`${folderOfPrefix("Hosted/a/")}/b@${VERSION}`);
});

test.each(["hosted/a", "a@0123", `A@${VERSION}`, `a=2F@${VERSION}`, `a=@${VERSION}`, `a/../b@${VERSION}`, ".DS_Store"])(
  "%s is no path of ours",
  (path) => {
    expect(keyAt(path)).toBeUndefined();
  },
);

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = Array.from('abcxyzABCXYZ019/////....-_+%,=!@~:*?"<>|\\ \t\n\0\u007f').concat(
  ["..", "con", "CON", "aux", "nul.", "com1", "LPT9", "=2f", "!a", "=", `@${VERSION}`, "%2F", "%2f", "~1"],
  ["é", "e\u0301", "\u212b", "\u00c5", "\ufb01", "\u0130", "\u0131", "ß", "ẞ", "\u{1f600}", "\ud800", "日本"],
  ["x".repeat(71), "X".repeat(40), "é".repeat(60)],
);

function randomKeys(count: number): string[] {
  const random = randomFrom(21);
  const keys = new Set<string>();
  while (keys.size < count) {
    const pieces = Array.from({ length: 1 + random(9) }, () => PIECES[random(PIECES.length)] ?? "");
    const key = pieces.join("").toWellFormed();
    if (Buffer.byteLength(key) <= 1_024) keys.add(key);
  }
  return [...keys];
}

/** Whether a path leads through names that every system takes as they are, and below the folder where it begins. */
const isPlain = (path: string) =>
  !isAbsolute(path) &&
  normalize(path) === path &&
  path.split("/").every((name) => /^[a-z0-9\-_.+%,=!@]{1,255}(?<!\.)$/.test(name) && !DEVICE.test(name));

const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|@|$)/;

test("20,000 keys: each path stays in the folder, gives its key back, and is no other's on any disk", () => {
  const keys = randomKeys(20_000);
  const paths = keys.map((key) => pathOfObject(key, VERSION));
  expect(keys.filter((key, at) => keyAt(paths[at] ?? "")?.key !== key)).toEqual([]);
  expect(paths.filter((path) => !isPlain(path))).toEqual([]);
  const onAnyDisk = new Set(paths.map((path) => path.toLowerCase().normalize("NFC")));
  expect(onAnyDisk.size).toBe(keys.length);
  const folders = new Set(paths.flatMap((path) => path.split("/").map((_, at, names) => names.slice(0, at).join("/"))));
  expect(paths.filter((path) => folders.has(path))).toEqual([]);
});
