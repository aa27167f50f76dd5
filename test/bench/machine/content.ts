/** What the upstream of this benchmark offers: real wheels, a small one, a large one, and recorded pages. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { type Wheel, buildWheel } from "../../../cli/demo/wheel.ts";
import type { Page } from "../content/pages.ts";
import { type Wheel as WheelFile, readWheels } from "../content/wheels.ts";
import { contentOf } from "../stream/files.ts";

export interface Offer {
  readonly wheels: readonly Wheel[];
  /** What a server in use has served before: answered at once by every upstream, since it is in no figure. */
  readonly others: readonly Wheel[];
  /** Pages whose files are not offered. */
  readonly pages: readonly Page[];
  /** A page that is offered under other names, too, with its project's name in it replaced by each. */
  readonly copied: { readonly page: Page; readonly names: readonly string[] };
  readonly attested: Attested;
}

/** A file of PyPI with its provenance object, which verifies by the trusted root that this version has. Its bytes are not offered. */
export interface Attested {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  readonly sha256: string;
  readonly provenance: string;
}

export const attestedFile = (): Attested => ({
  project: "pypi-attestations",
  version: "0.0.19",
  filename: "pypi_attestations-0.0.19.tar.gz",
  sha256: "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
  provenance: readFileSync(join(ATTESTATIONS, "pypi_attestations-0.0.19.tar.gz.provenance"), "utf8"),
});

const ATTESTATIONS = join(import.meta.dirname, "../../fixtures/attestations");

/** What is installed. With what these need, it is some 110 packages: 48 MB, half of them below 60 KB. */
export const INSTALLED: readonly string[] = [
  ..."aiohttp build celery cryptography fastapi flask gunicorn hatch hypothesis keyring nox pip-tools".split(" "),
  ..."pydantic pytest requests[socks] sqlalchemy tox twine uvicorn".split(" "),
];

/** The wheels of a folder, with the metadata that is in them. */
export function realWheels(folder: string): Promise<Wheel[]> {
  return Promise.all(readWheels(folder).map(withMetadata));
}

async function withMetadata({ path, project, version, filename, sha256 }: WheelFile): Promise<Wheel> {
  const bytes = readFileSync(path);
  const members = await new ZipReader(new Uint8ArrayReader(bytes)).getEntries();
  const member = members.find((each) => !each.directory && /^[^/]+\.dist-info\/METADATA$/.test(each.filename));
  if (!member || member.directory) throw new Error(`${filename} has no METADATA`);
  const metadata = await member.getData(new Uint8ArrayWriter(), { useWebWorkers: false });
  const metadataSha256 = createHash("sha256").update(metadata).digest("hex");
  return { project, version, filename, bytes, sha256, metadata, metadataSha256 };
}

/** A wheel with one member of `size` bytes that do not compress. */
export function wheelOf(name: string, size: number): Promise<Wheel> {
  const filename = `${name}/data.bin`;
  return buildWheel({ name, version: "1.0", files: { [filename]: Buffer.concat([...contentOf({ filename, size })]) } });
}
