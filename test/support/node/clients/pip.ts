import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PIP_OPTIONS } from "../../../../cli/demo/installer.ts";
import { inTurn, type Client, type Pinned } from "./client.ts";
import type { Place } from "./place.ts";

/** The lock file of those that make none. */
export const HASHED = "requirements.txt";
const FROM_HASHED = ["--require-hashes", "-r", HASHED];

export const PIP_NOT_FOUND = /No matching distribution found for/;
export const PIP_MISMATCH = /DO NOT MATCH THE HASHES/;

/** The pip that belongs to `python`. */
export function pip(python: string): Client {
  return {
    install: (requirement, index, place) => installFrom(["--index-url", index], python, [requirement], place),
    lock: {
      file: HASHED,
      write: writeHashed,
      install: (index, place) => installFrom(["--index-url", index], python, FROM_HASHED, place),
      mismatch: PIP_MISMATCH,
    },
    notFound: PIP_NOT_FOUND,
  };
}

/** The same pip, but it fetches into a folder, and installs from there and from nowhere else. */
export function pipDownload(python: string): Client {
  const options = PIP_OPTIONS.filter((option) => option !== "--no-compile");
  const run = (what: readonly string[], extra: readonly string[], index: string, place: Place) => {
    const args = ["download", ...options, "--index-url", index, "--dest", "downloaded", ...what, ...extra];
    return inTurn(place.run(python, ["-m", "pip", ...args]), () =>
      installFrom(["--no-index", "--find-links", "downloaded"], python, what, place),
    );
  };
  return {
    // What an sdist is built with has to be named: pip does not keep what it fetches for a build.
    install: (requirement, index, place) => run([requirement], ["flit-core"], index, place),
    lock: {
      file: HASHED,
      write: writeHashed,
      install: (index, place) => run(FROM_HASHED, [], index, place),
      mismatch: PIP_MISMATCH,
    },
    notFound: PIP_NOT_FOUND,
  };
}

/** Has the pip of `python` install from one source, given by pip's own options. */
export function installFrom(source: readonly string[], python: string, what: readonly string[], place: Place) {
  const args = ["install", ...PIP_OPTIONS, ...source, "--target", place.environment.site, ...what];
  return place.run(python, ["-m", "pip", ...args]);
}

/** Writes requirements with hashes. */
export function writeHashed({ files }: Pinned, _index: string, place: Place) {
  const lines = files.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}\n`);
  writeFileSync(join(place.folder, HASHED), lines.join(""));
  return Promise.resolve({ code: 0, output: "", seconds: 0 });
}
