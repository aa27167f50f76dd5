import { createHash } from "node:crypto";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

/** The contents of a wheel; `requires` holds Requires-Dist lines, `about` what else its METADATA has, `files` extra members by path. */
export interface WheelSpec {
  readonly name: string;
  readonly version: string;
  /** The name in its METADATA, where it differs. */
  readonly describes?: string;
  readonly requires?: readonly string[];
  readonly about?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A built wheel with the facts an index publishes about it. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly metadata: Uint8Array;
  readonly metadataSha256: string;
}

// Read as local time by the ZIP writer and written as such: the stored date is the same in every time zone.
const EPOCH = new Date(1980, 0, 1);

/**
 * Builds an installable pure-Python wheel with one module, named as the project, that knows its own version.
 * The same specification gives the same bytes: members are stored, not deflated, since zlib's output differs between releases.
 */
export async function buildWheel(spec: WheelSpec): Promise<Wheel> {
  const module = spec.name.replace(/[-_.]+/g, "_").toLowerCase();
  const info = `${module}-${spec.version}.dist-info`;
  const metadata = metadataOf(spec);
  const members: Record<string, string | Uint8Array> = {
    [`${module}/__init__.py`]: `__version__ = "${spec.version}"\n`,
    ...spec.files,
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: pypi-edge\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  members[`${info}/RECORD`] = recordOf(members, `${info}/RECORD`);
  const bytes = await zip(members);
  return {
    project: module.replaceAll("_", "-"),
    version: spec.version,
    filename: `${module}-${spec.version}-py3-none-any.whl`,
    bytes,
    sha256: sha256(bytes),
    metadata: Buffer.from(metadata),
    metadataSha256: sha256(metadata),
  };
}

function metadataOf(spec: WheelSpec): string {
  const lines = ["Metadata-Version: 2.1", `Name: ${spec.describes ?? spec.name}`, `Version: ${spec.version}`];
  for (const requirement of spec.requires ?? []) lines.push(`Requires-Dist: ${requirement}`);
  return `${lines.join("\n")}\n${spec.about ?? ""}`;
}

function recordOf(members: Readonly<Record<string, string | Uint8Array>>, own: string): string {
  const lines = Object.entries(members).map(([path, content]) => {
    const digest = createHash("sha256").update(content).digest("base64url");
    return `${path},sha256=${digest},${Buffer.byteLength(content)}`;
  });
  return `${[...lines, `${own},,`].join("\n")}\n`;
}

async function zip(members: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    lastModDate: EPOCH,
    extendedTimestamp: false,
    // uv cannot unpack a stored member with one while it downloads, and fetches the whole wheel again.
    dataDescriptor: false,
    useWebWorkers: false,
  });
  for (const [path, content] of Object.entries(members)) {
    await writer.add(path, new Uint8ArrayReader(typeof content === "string" ? Buffer.from(content) : content));
  }
  return writer.close();
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
