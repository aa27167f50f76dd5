/** The real wheels that the upstream offers. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface Wheel {
  readonly filename: string;
  /** Normalised name (PEP 503). */
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly path: string;
}

export function readWheels(directory: string): Wheel[] {
  return readdirSync(directory)
    .filter((filename) => filename.endsWith(".whl"))
    .toSorted()
    .map((filename) => readWheel(directory, filename));
}

function readWheel(directory: string, filename: string): Wheel {
  const path = join(directory, filename);
  const bytes = readFileSync(path);
  const [name = "", version = ""] = filename.split("-");
  return {
    filename,
    project: name.toLowerCase().replace(/[-_.]+/g, "-"),
    version,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size: bytes.length,
    path,
  };
}
