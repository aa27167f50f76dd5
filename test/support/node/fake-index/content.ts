import { createCipheriv, createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BlobReader, TextWriter, ZipReader } from "@zip.js/zip.js";
import { tourWheels } from "../../../../cli/demo/tour.ts";
import { buildWheel, type Wheel } from "../../../../cli/demo/wheel.ts";
import type { Distribution } from "./distribution.ts";
import { buildSdist } from "./sdist.ts";

/**
 * What the clients are tried with. `picnic` has three dependencies, `hamper` and `kiosk` have one, `bruise` a newest release
 * that was yanked, `gadget` a local version, `clay` no wheel, and one project a name that is never spelt as it is normalised.
 *
 * @param backends a directory with the wheel of the build backend that `clay` needs
 */
export async function smallContent(backends: string): Promise<Distribution[]> {
  const [sound, bruised, ...others] = await Promise.all([
    buildWheel({ name: "bruise", version: "1.0" }),
    buildWheel({ name: "bruise", version: "2.0" }),
    buildWheel({ name: "gadget", version: "1.0+cpu" }),
    buildWheel({ name: "Zope.Event_Thing", version: "1.0" }),
    buildWheel({ name: "hamper", version: "1.2", requires: ["cup"] }),
    buildWheel({ name: "cup", version: "1.3" }),
    buildWheel({ name: "kiosk", version: "1.5", requires: ["fruit"] }),
    buildWheel({ name: "fruit", version: "1.6" }),
    ...readdirSync(backends).map((filename) => readWheel(join(backends, filename))),
  ]);
  return [
    { ...sound, requiresPython: ">=3.8,!=3.9.0" },
    { ...bruised, yanked: "it is soft" },
    ...others,
    ...(await tourWheels()),
    buildSdist("clay", "1.0"),
  ];
}

/** A wheel with more in it than any memory tier or single read holds. */
export function largeWheel(): Promise<Wheel> {
  return buildWheel({
    name: "boulder",
    version: "1.0",
    files: { "boulder/stone.bin": incompressible(200 * 1024 ** 2) },
  });
}

/** The same bytes each time, in which there is nothing to compress. */
export function incompressible(size: number): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}

/** A wheel that lies in a file. */
export async function readWheel(path: string): Promise<Wheel> {
  const bytes = readFileSync(path);
  const filename = path.slice(path.lastIndexOf("/") + 1);
  const [module = "", version = ""] = filename.split("-");
  const entries = await new ZipReader(new BlobReader(new Blob([bytes]))).getEntries();
  const described = entries.find((entry) => /^[^/]+\.dist-info\/METADATA$/.test(entry.filename));
  if (!described || described.directory) throw new Error(`${filename} has no METADATA`);
  const metadata = Buffer.from(await described.getData(new TextWriter()));
  const project = module.toLowerCase().replaceAll("_", "-");
  return { project, version, filename, bytes, sha256: digest(bytes), metadata, metadataSha256: digest(metadata) };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
