import { resolveRange } from "../../worker/repository/range.ts";
import type { StagedFile } from "../../worker/publishing/staged-file.ts";
import { bytesOf, gzipped, tar, zip, type TarEntry, type ZipEntry } from "./archive.ts";

/** Bytes that were uploaded, in memory. */
export function stagedOf(bytes: Uint8Array): StagedFile {
  return {
    size: bytes.byteLength,
    digests: { sha256: "0".repeat(64), md5: "0".repeat(32) },
    async read(range) {
      const part = resolveRange(range, bytes.byteLength);
      if (part === "unsatisfiable") throw new Error("no such part");
      const { offset, length } = part;
      return { bytes: bytes.slice(offset, offset + length), offset, size: bytes.byteLength };
    },
    stream: async () => new Blob([bytes]).stream(),
    discard: async () => undefined,
  };
}

/** What a wheel is to be, where it is not `demo` 1.0 for any Python. */
export interface WheelSpec {
  readonly project?: string;
  readonly version?: string;
  readonly tags?: readonly string[];
  readonly metadata?: string | Uint8Array;
  readonly wheel?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Changes RECORD's lines. */
  readonly record?: (lines: string[]) => string[];
  /** Changes what is packed. */
  readonly pack?: (entries: ZipEntry[]) => ZipEntry[];
}

const FILES = { "demo/__init__.py": "NAME = 'demo'\n", "demo/data.txt": "text ".repeat(20_000) };

/** The members of a wheel as a build tool makes them, RECORD last. */
export async function wheelEntries(spec: WheelSpec = {}): Promise<ZipEntry[]> {
  const { project = "demo", version = "1.0", tags = ["py3-none-any"] } = spec;
  const info = `${project}-${version}.dist-info`;
  const members: Readonly<Record<string, string | Uint8Array>> = {
    ...(spec.files ?? FILES),
    [`${info}/METADATA`]: spec.metadata ?? metadataOf(project, version),
    [`${info}/WHEEL`]: spec.wheel ?? ["Wheel-Version: 1.0", ...tags.map((tag) => `Tag: ${tag}`), ""].join("\n"),
  };
  const lines = await Promise.all(
    Object.entries(members)
      .filter(([path]) => !path.endsWith("/"))
      .map(async ([path, content]) => {
        const bytes = bytesOf(content);
        return `${quoted(path)},sha256=${await hashOf(bytes)},${bytes.byteLength}`;
      }),
  );
  const own = `${info}/RECORD`;
  const record = spec.record ?? ((same: string[]) => same);
  const entries = Object.entries({ ...members, [own]: `${record([...lines, `${own},,`]).join("\n")}\n` });
  return (spec.pack ?? ((same) => same))(entries.map(([name, content]) => ({ name, content })));
}

/** A wheel that can be published, unless the spec says otherwise. */
export const publishableWheel = async (spec: WheelSpec = {}) => zip(await wheelEntries(spec));

export const metadataOf = (project: string, version: string, more = "Requires-Python: >=3.9\n") =>
  `Metadata-Version: 2.4\nName: ${project}\nVersion: ${version}\n${more}\nWhat it is.\n`;

/** The members of an sdist as a build tool makes them. */
export const sdistEntries = (
  project = "demo",
  version = "1.0",
  metadata = metadataOf(project, version),
): TarEntry[] => [
  { path: `${project}-${version}/pyproject.toml`, content: "[build-system]\n" },
  { path: `${project}-${version}/${project}.py`, content: "text ".repeat(2_000) },
  { path: `${project}-${version}/PKG-INFO`, content: metadata },
];

/** An sdist that can be published. */
export const publishableSdist = async (entries: readonly TarEntry[] = sdistEntries()) => gzipped(await tar(entries));

const quoted = (path: string) => (/[",]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path);

export async function hashOf(bytes: Uint8Array, algorithm = "SHA-256"): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return digest.toBase64({ alphabet: "base64url", omitPadding: true });
}
