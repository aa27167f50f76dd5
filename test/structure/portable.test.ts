import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

/** A file's code without its comments. */
const codeOf = (file: string) =>
  readFileSync(join(ROOT, file), "utf8")
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/(?<=^|\s)\/\/ .*$/gm, "");

const found = (files: readonly string[], pattern: RegExp) =>
  files.flatMap((file) => [...codeOf(file).matchAll(pattern)].map(([text]) => `${file}: ${text}`));

const worker = globSync("worker/**/*.{ts,tsx}", { cwd: ROOT }).filter((file) => !file.endsWith(".d.ts"));
const shared = worker.filter((file) => !/^worker\/(?:cloudflare\/|index\.ts$)/.test(file));
const server = globSync("server/**/*.ts", { cwd: ROOT });
const cli = globSync("cli/**/*.ts", { cwd: ROOT });

/** What only Cloudflare's runtime has, and what engines of today have only in part. */
const CLOUDFLARE =
  /\b(?:DigestStream|FixedLengthStream|IdentityTransformStream|HTMLRewriter|WebSocketPair|readAtLeast|subtle\.timingSafeEqual|scheduler\.\w|caches\.\w|ctx\.cache|ExportedHandler|cloudflare:)|"CF-|\.cf\b|\{ cf\b|\.(?:to|from)(?:Hex|Base64)\(/gi;

/** Names of Cloudflare's types: only the interfaces in worker/platform may be made of them. */
const TYPES =
  /\b(?:R2(?:Bucket|Object|Range|Conditional|UploadedPart|MultipartUpload|(?:Get|Put|List)Options)\w*|KVNamespace\w*|D1\w*|MessageBatch|ExecutionContext|CacheContext|Env)\b/g;

test("only worker/cloudflare and the entry name what only Cloudflare has", () => {
  expect(shared.length).toBeGreaterThan(100);
  expect(found(shared, CLOUDFLARE)).toEqual([]);
  expect(
    found(
      shared.filter((file) => !file.startsWith("worker/platform/")),
      TYPES,
    ),
  ).toEqual([]);
});

test("worker/cloudflare is found by the same patterns", () => {
  expect(found(worker, CLOUDFLARE).length).toBeGreaterThan(5);
  expect(found(worker, TYPES).length).toBeGreaterThan(5);
});

test("the worker does not ask which platform it is on", () => {
  // What runs in browsers asks them.
  const own = worker.filter((file) => file !== "worker/ui/script.ts");
  expect(
    found(own, /\bprocess\b[.[]|\bnavigator\b|\b(?:is)?node\b(?=\s*\))|"node:(?!crypto"|async_hooks"|zlib")/gi),
  ).toEqual([]);
});

/** Assignments to globals and prototypes, in the usual spellings. */
const PATCHES = [
  /\b(?:globalThis|global|self)\s*(?:\.\s*\w+|\[[^\]]*\])\s*(?:[-+*/|&?]{0,2}=)(?!=)/g,
  /\.prototype\s*(?:(?:\.\s*\w+|\[[^\]]*\])\s*)?(?:[-+*/|&?]{0,2}=)(?!=)/g,
  /\b(?:Object|Reflect)\s*\.\s*(?:assign|defineProperty|defineProperties|setPrototypeOf|set)\s*\(\s*(?:globalThis|global|self|\w+\s*\.\s*prototype)\b/g,
];

test("nothing changes a global or a prototype", () => {
  expect(PATCHES.flatMap((pattern) => found([...worker, ...server], pattern))).toEqual([]);
});

test.each([
  "globalThis.fetch = own;",
  'globalThis["caches"] ??= own;',
  "Uint8Array.prototype.toHex = own;",
  "Request.prototype = own;",
  'Object.defineProperty(Uint8Array.prototype, "toHex", own);',
  "Object.assign(globalThis, own);",
])("%s would be seen", (line) => {
  expect(PATCHES.some((pattern) => line.search(pattern) !== -1)).toBe(true);
});

test("folders are made by makeFolder, which ends also where the file system takes none", () => {
  const making = /\bmkdir(?:Sync)?\([^;]*\brecursive\b/g;
  expect("mkdirSync(path, { recursive: true });").toMatch(making);
  expect(found([...server, ...cli], making)).toEqual([]);
});
