import { carriedKeyText } from "../../schema/carried-keys.ts";
import {
  carriedState,
  endText,
  type CarriedLists,
  type CarriedManifest,
  type CarriedMember,
  type CarriedPage,
  type CarriedState,
} from "../../schema/carried.ts";

/** A file to be carried, with what its page says of it. */
export interface CarriedTestFile extends Partial<Omit<CarriedPage["files"][number], "filename" | "provenance">> {
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly metadata?: string;
  readonly provenance?: string;
}

/** What a step is to have. */
export interface StepContent {
  readonly pages?: Readonly<Record<string, readonly CarriedTestFile[]>>;
  /** By project. */
  readonly status?: Readonly<Record<string, NonNullable<CarriedPage["project-status"]>>>;
  readonly advisories?: Uint8Array;
  readonly lists?: CarriedLists["entries"];
  readonly removed?: readonly string[];
}

/** A step as it lies in its volumes. */
export interface Step {
  readonly manifest: string;
  readonly signature: string;
  /** In the manifest's order; the first has the number 1. */
  readonly members: readonly { readonly member: CarriedMember; readonly bytes: Uint8Array }[];
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const base64Of = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

export const digestOf = async (bytes: Uint8Array) =>
  hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));

interface KeyOfExporter {
  readonly privateKey: CryptoKey;
  readonly publicText: string;
}

async function newKey(): Promise<KeyOfExporter> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no pair of keys");
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  if (!(raw instanceof ArrayBuffer)) throw new Error("no bytes of the key");
  return { privateKey: pair.privateKey, publicText: carriedKeyText(new Uint8Array(raw)) };
}

/** The other side of an air gap: a key, and a chain of steps. */
export class Exporter {
  #sequence = 0;
  #before: string | null = null;
  readonly chain = hexOf(crypto.getRandomValues(new Uint8Array(16)));
  #key: KeyOfExporter;

  private constructor(key: KeyOfExporter) {
    this.#key = key;
  }

  static create = async (): Promise<Exporter> => new Exporter(await newKey());

  /** The public half. */
  get key(): string {
    return this.#key.publicText;
  }

  /** Later steps are signed with another key. */
  async changeKey(): Promise<void> {
    this.#key = await newKey();
  }

  /** The next step of the chain. */
  async step(content: StepContent, change: (manifest: CarriedManifest) => object = (it) => it): Promise<Step> {
    this.#sequence += 1;
    const members = await membersOf(content, { chain: this.chain, sequence: this.#sequence });
    const volumes = [{ name: "volume-1.tar", size: 1, sha256: "0".repeat(64) }];
    const manifest = change({
      format: 1,
      index: "default",
      chain: this.chain,
      sequence: this.#sequence,
      before: this.#before,
      at: "2026-11-29T12:00:00Z",
      serial: null,
      volumes,
      members: members.map(({ member }) => member),
      removed: [...(content.removed ?? [])],
    });
    const text = JSON.stringify(manifest);
    this.#before = await digestOf(bytesOf(text));
    return { manifest: text, signature: await this.sign(text), members };
  }

  async sign(text: string): Promise<string> {
    return base64Of(new Uint8Array(await crypto.subtle.sign("Ed25519", this.#key.privateKey, bytesOf(text))));
  }
}

async function membersOf(
  { pages = {}, status = {}, advisories, lists }: StepContent,
  step: Pick<CarriedManifest, "chain" | "sequence">,
): Promise<Step["members"]> {
  const made = new Map<string, { member: CarriedMember; bytes: Uint8Array }>();
  const add = async (kind: CarriedMember["kind"], bytes: Uint8Array, key?: string) => {
    const sha256 = await digestOf(bytes);
    const member = { kind, key: key ?? sha256, size: bytes.byteLength, sha256, volume: 1 };
    made.set(`${kind} ${member.key}`, { member, bytes });
    return sha256;
  };
  const files = Object.values(pages).flat();
  const digests = new Map<CarriedTestFile, string>();
  for (const file of files) digests.set(file, await add("file", file.bytes));
  const ofFiles = async (kind: "metadata" | "provenance") => {
    const own = new Map<CarriedTestFile, { sha256: string }>();
    for (const file of files)
      if (file[kind] !== undefined) own.set(file, { sha256: await add(kind, bytesOf(file[kind]), digests.get(file)) });
    return own;
  };
  const [metadata, provenance] = [await ofFiles("metadata"), await ofFiles("provenance")];
  if (advisories) await add("advisories", advisories, "advisories");
  if (lists) await add("lists", bytesOf(JSON.stringify({ entries: lists })), "lists");
  for (const [name, listed] of Object.entries(pages)) {
    const page = {
      name,
      ...(status[name] && { "project-status": status[name] }),
      files: listed.map((file) => {
        const { bytes, metadata: _, provenance: __, ...rest } = file;
        return {
          hashes: { sha256: digests.get(file) },
          size: bytes.byteLength,
          "upload-time": "2026-01-01T00:00:00Z",
          ...(metadata.has(file) && { "core-metadata": metadata.get(file) }),
          ...(provenance.has(file) && { provenance: provenance.get(file) }),
          ...rest,
        };
      }),
    };
    await add("page", bytesOf(JSON.stringify(page)), name);
  }
  await add("end", bytesOf(endText(step)), "end");
  return [...made.values()];
}

/** Sends a request to the API below an index. */
export type Send = (
  path: string,
  method: string,
  body?: string | Uint8Array<ArrayBuffer>,
) => Promise<{ readonly status: number; readonly text: () => string }>;

export const begin = (send: Send, { manifest, signature }: Pick<Step, "manifest" | "signature">) =>
  send("/-/api/carried", "POST", JSON.stringify({ manifest, signature }));

export const putMember = (send: Send, step: Step, number: number) =>
  send(`/-/api/carried/members/${number}`, "PUT", new Uint8Array(step.members[number - 1]?.bytes ?? new Uint8Array()));

/** The numbers of the members that are missing. */
export const missingOf = ({ open }: CarriedState) =>
  (open?.missing ?? []).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, nth) => first + nth));

/** Imports a step as `pypi-edge import` does. Throws with the answer where one is refused. */
export async function importStep(send: Send, step: Step): Promise<CarriedState> {
  const accepted = async (answer: ReturnType<Send>) => {
    const { status, text } = await answer;
    if (status >= 300) throw new Error(`${status} ${text()}`);
    return text();
  };
  const state = carriedState.parse(JSON.parse(await accepted(begin(send, step))));
  for (const number of missingOf(state)) await accepted(putMember(send, step, number));
  return carriedState.parse(JSON.parse(await accepted(send("/-/api/carried/done", "POST"))));
}
