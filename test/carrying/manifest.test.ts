import { describe, expect, it } from "vitest";
import { carriedKeyText, signerOf } from "../../schema/carried-keys.ts";
import { carriedManifest, endText, memberPath } from "../../schema/carried.ts";

const FILE = "a".repeat(64);
const PAGE = "b".repeat(64);
const END = "c".repeat(64);

const manifest = {
  format: 1,
  index: "team",
  chain: "0".repeat(32),
  sequence: 1,
  before: null,
  at: "2026-11-29T12:00:00Z",
  serial: null,
  volumes: [
    { name: "volume-1.tar", size: 10_240, sha256: FILE },
    { name: "volume-2.tar", size: 10_240, sha256: PAGE },
  ],
  members: [
    { kind: "file", key: FILE, size: 3, sha256: FILE, volume: 1 },
    { kind: "page", key: "demo", size: 30, sha256: PAGE, volume: 2 },
    { kind: "end", key: "end", size: 35, sha256: END, volume: 2 },
  ],
  removed: ["gone"],
};

const [file, page, end] = manifest.members;

describe("a manifest of a carried step", () => {
  it("is read", () => {
    expect(carriedManifest.safeParse(manifest).success).toBe(true);
  });

  it.each([
    ["of another format", { format: 2 }],
    ["that begins in the middle", { sequence: 2 }],
    ["whose first step has one before it", { before: FILE }],
    ["with a page before the files that it names", { members: [page, file, end] }],
    ["with a member twice", { members: [file, file, page, end] }],
    ["with a member of a volume that it does not have", { members: [file, page, { ...end, volume: 3 }] }],
    ["with volumes out of order", { members: [{ ...file, volume: 2 }, { ...page, volume: 1 }, end] }],
    ["that does not end", { members: [file, page] }],
    ["with a file under another digest", { members: [{ ...file, key: PAGE }, page, end] }],
    ["with a project that is not normalized", { members: [file, { ...page, key: "De_mo" }, end] }],
    ["with a volume that is a path", { volumes: [{ name: "../1.tar", size: 1, sha256: FILE }] }],
    ["that removes what it carries", { removed: ["demo"] }],
    ["with members that are not known here", { more: 1 }],
  ])("is refused %s", (_, wrong) => {
    expect(carriedManifest.safeParse({ ...manifest, ...wrong }).success).toBe(false);
  });

  it("names each member in its volume", () => {
    expect(carriedManifest.parse(manifest).members.map(memberPath)).toEqual([`file/${FILE}`, "page/demo.json", "end"]);
    expect(endText(carriedManifest.parse(manifest))).toBe(`${manifest.chain} 1\n`);
  });
});

describe("the signature of a manifest", () => {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));

  const newKey = async () => {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    if (!("privateKey" in pair)) throw new Error("no pair");
    const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
    if (!(raw instanceof ArrayBuffer)) throw new Error("no bytes");
    const signed = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytes));
    return { key: carriedKeyText(new Uint8Array(raw)), signature: btoa(String.fromCharCode(...signed)) };
  };

  it("is one of any of the keys", async () => {
    const [one, other] = [await newKey(), await newKey()];
    expect(await signerOf(bytes, `${one.signature}\n`, [other.key, one.key])).toBe(one.key);
    expect(await signerOf(bytes, one.signature, [other.key])).toBeUndefined();
    expect(await signerOf(bytes, one.signature, [])).toBeUndefined();
  });

  it("is of these very bytes", async () => {
    const { key, signature } = await newKey();
    const tampered = bytes.with(20, (bytes[20] ?? 0) ^ 1);
    expect(await signerOf(tampered, signature, [key])).toBeUndefined();
  });

  it.each(["", "no base64", btoa("short"), btoa("x".repeat(64)), btoa("x".repeat(65))])(
    "is not %j",
    async (signature) => {
      const { key } = await newKey();
      expect(await signerOf(bytes, signature, [key])).toBeUndefined();
    },
  );
});
