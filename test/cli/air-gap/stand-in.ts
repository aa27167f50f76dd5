import { createHash } from "node:crypto";
import type { ChainSoFar } from "../../../cli/air-gap/chain.ts";
import { exportStep, type Exporting } from "../../../cli/air-gap/export-step.ts";
import type { CarriedApi } from "../../../cli/air-gap/carried-api.ts";
import { RefusedByIndex, type IndexReader } from "../../../cli/air-gap/index-reader.ts";
import type { SigningKey } from "../../../cli/air-gap/signing-key.ts";
import { carriedManifest, type CarriedManifest, type CarriedState } from "../../../schema/carried.ts";
import { asFilename } from "../../../worker/pypi/filename.ts";
import { asProjectName } from "../../../worker/pypi/name.ts";
import type { FileEntry } from "../../../worker/pypi/page.ts";

export const digestOf = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** The error of a step that is killed. */
export class Killed extends Error {}

/** Throws `Killed` at the call with this number; the first is 1. Infinity: never. */
export function killingAt(limit: number): () => void {
  let calls = 0;
  return () => {
    if (++calls === limit) throw new Killed();
  };
}

/** A file of an index that stands in for one. */
export interface StandInFile {
  readonly project: string;
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly more?: Partial<FileEntry>;
}

/** An index that has these files, with `.metadata` and provenance of each. */
export function standInIndex(files: () => readonly StandInFile[], step: () => void): IndexReader {
  const entryOf = ({ filename, bytes, more }: StandInFile): FileEntry => ({
    filename: filenameOf(filename),
    url: `../../files/files.test/${filename}`,
    hashes: { sha256: digestOf(bytes) },
    size: bytes.byteLength,
    "core-metadata": true,
    provenance: "https://index.test/provenance",
    "upload-time": "2026-01-02T03:04:05.000006Z",
    ...more,
  });
  const find = (filename: string) => {
    step();
    const file = files().find((each) => each.filename === filename);
    if (!file) throw new RefusedByIndex(`${filename} is refused.`, 403);
    return file;
  };
  return {
    simple: new URL("https://index.test/simple/"),
    async serial() {
      step();
      return "7";
    },
    async page(name) {
      step();
      const own = files().filter(({ project }) => project === name);
      if (own.length === 0) throw new RefusedByIndex(`There is no ${name}.`, 404);
      return { name, files: own.map(entryOf) };
    },
    async file({ filename }, use) {
      const { bytes } = find(filename);
      async function* chunks() {
        for (let at = 0; at < bytes.byteLength; at += 400) {
          step();
          yield bytes.subarray(at, at + 400);
        }
      }
      return use({ size: bytes.byteLength, chunks: chunks() });
    },
    metadata: async ({ filename }) => new TextEncoder().encode(`metadata of ${find(filename).filename}`),
    provenance: async (_project, _version, filename) => new TextEncoder().encode(`{"of":"${find(filename).filename}"}`),
  };
}

const filenameOf = (text: string) => {
  const filename = asFilename(text);
  if (!filename) throw new Error(text);
  return filename;
};

interface Asked {
  readonly folder: string;
  readonly chain: ChainSoFar;
  readonly key: SigningKey;
  readonly projects: readonly string[];
}

/** Exports all files of these projects. */
export const exportAll = (reader: IndexReader, { projects, ...asked }: Asked, more: Partial<Exporting> = {}) =>
  exportStep({
    reader,
    index: "team",
    wanted: {
      projects: projects.flatMap((each) => asProjectName(each) ?? []),
      choose: ({ files }) => ({ entries: files, leftOut: [] }),
      remarks: [],
    },
    advisories: undefined,
    lists: undefined,
    asked: "a",
    limit: 4000,
    now: () => 0,
    show: () => undefined,
    ...asked,
    ...more,
  });

/** A far index that receives as the API does, in memory; it checks no signature. */
export class StandInFar implements CarriedApi {
  /** What has arrived of the open step, by number. */
  readonly arrived = new Map<number, string>();
  open: { readonly manifest: CarriedManifest; readonly digest: string } | undefined;
  whole: { readonly manifest: CarriedManifest; readonly digest: string } | undefined;
  step: () => void = () => undefined;

  async state(): Promise<CarriedState> {
    this.step();
    return this.#state();
  }

  async begin(text: string): Promise<CarriedState> {
    this.step();
    const digest = digestOf(text);
    if (this.open?.digest !== digest) this.arrived.clear();
    this.open = { manifest: carriedManifest.parse(JSON.parse(text)), digest };
    return this.#state();
  }

  async put(number: number, body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      this.step();
      chunks.push(Uint8Array.from(chunk));
    }
    const bytes = Buffer.concat(chunks);
    const member = this.open?.manifest.members[number - 1];
    if (bytes.byteLength !== size || digestOf(bytes) !== member?.sha256) throw new Error("other bytes");
    const isFirst = !this.open?.manifest.members.some(
      ({ kind }, at) => kind === "file" && member.kind === "page" && !this.arrived.has(at + 1),
    );
    if (!isFirst) throw new Error("a page before its files");
    this.arrived.set(number, digestOf(bytes));
  }

  async done(): Promise<void> {
    this.step();
    if (!this.open || this.arrived.size < this.open.manifest.members.length) throw new Error("not whole");
    this.whole = this.open;
    this.open = undefined;
    this.arrived.clear();
  }

  async close(): Promise<void> {
    // It has no connections.
  }

  #state(): CarriedState {
    const numbers = this.open?.manifest.members.map((_, at) => at + 1) ?? [];
    return {
      source: "carried",
      chain: (this.whole ?? this.open)?.manifest.chain ?? null,
      sequence: this.whole?.manifest.sequence ?? 0,
      manifest: this.whole?.digest ?? null,
      at: null,
      open: this.open
        ? {
            sequence: this.open.manifest.sequence,
            manifest: this.open.digest,
            members: numbers.length,
            missing: numbers.filter((number) => !this.arrived.has(number)).map((number) => [number, number]),
          }
        : null,
    };
  }
}
