import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import type { Place } from "../../support/node/clients/place.ts";
import { buildSdist } from "../../support/node/fake-index/sdist.ts";
import type { Backend, Parcel } from "../../support/node/publishers/publisher.ts";

/** What is in a parcel besides the module that knows its version. */
export interface Contents {
  /** Of its wheel; something else is another wheel of the same name. */
  readonly note?: string;
  /** A file of its wheel. */
  readonly payload?: Uint8Array;
  /** The name that the wheel's METADATA has, where that is another. */
  readonly describes?: string;
}

/** Puts the project into the place, and what it is built into in `dist`. */
export async function pack(place: Place, { project, version }: Parcel, contents: Contents = {}): Promise<void> {
  const { note, payload, describes } = contents;
  const files = {
    ...(note !== undefined && { [`${project}/note.txt`]: note }),
    ...(payload && { [`${project}/payload.bin`]: payload }),
  };
  const wheel = await buildWheel({ name: project, version, files, ...(describes !== undefined && { describes }) });
  projectIn(place, { project, version });
  put(place, wheel.filename, wheel.bytes);
  // Some publish the sdist first: the wheel alone is what is to be refused.
  if (describes !== undefined) return;
  const sdist = buildSdist(project, version);
  put(place, sdist.filename, sdist.bytes);
}

/** Puts the project into the place, and a wheel that lies elsewhere in `dist`. */
export function packWheel(place: Place, parcel: Parcel, path: string): void {
  projectIn(place, parcel);
  copyFileSync(path, join(dist(place), basename(path)));
}

/** Puts the project into the place for a client that builds it. */
export function packSource(place: Place, parcel: Parcel, backend: Backend, { note, payload }: Contents = {}): void {
  const { project, version } = parcel;
  projectIn(place, parcel, backend);
  const module = join(place.folder, project);
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, "__init__.py"), `"""Made for a test."""\n__version__ = "${version}"\n`);
  if (note !== undefined) writeFileSync(join(module, "note.txt"), note);
  if (payload) writeFileSync(join(module, "payload.bin"), payload);
}

/** What lies in `dist`: SHA-256 by filename. */
export function packed(place: Place): Record<string, string> {
  const folder = dist(place);
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

/** uv has the backend of its own version in it, and takes that where the project's range fits. */
const BUILD_SYSTEMS: Readonly<Record<Backend, string>> = {
  flit_core: `requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"`,
  uv_build: `requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-root = ""`,
};

function projectIn(place: Place, { project, version }: Parcel, backend: Backend = "flit_core"): void {
  const text = `[build-system]
${BUILD_SYSTEMS[backend]}

[project]
name = "${project}"
version = "${version}"
description = "Made for a test."
requires-python = ">=3.8"
`;
  writeFileSync(join(place.folder, "pyproject.toml"), text);
}

function put(place: Place, filename: string, bytes: Uint8Array): void {
  writeFileSync(join(dist(place), filename), bytes);
}

function dist(place: Place): string {
  const folder = join(place.folder, "dist");
  mkdirSync(folder, { recursive: true });
  return folder;
}
