import { parseCoreMetadata } from "../../pypi/core-metadata.ts";
import { projectCandidates, type Filename } from "../../pypi/filename.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { sdistIdentity, sdistVersion } from "../../pypi/sdist-name.ts";
import { behindName } from "../../pypi/version.ts";
import { agreed } from "./agreed.ts";
import { Cursor } from "./cursor.ts";
import type { Distribution } from "../distribution.ts";
import { Faulty, shown } from "./faulty.ts";
import { gunzip } from "./gunzip.ts";
import { unpackedLimit, unpacksTooFar } from "./limits.ts";
import { piecesOf } from "./pieces.ts";
import { Tree } from "./sdist/tree.ts";
import { readTar } from "./sdist/tar.ts";
import type { Staged } from "../staged.ts";

const MAX_PKG_INFO = 5 * 1024 * 1024;

/** What an installer builds from: it looks for nothing else (PEP 517, and setuptools before it). */
const BUILDS = ["pyproject.toml", "setup.py"];

/**
 * Checks an sdist (PEP 625): a gzipped tar of one directory, in which PKG-INFO agrees with the filename and from which
 * something can be built. Read once, from the first byte to the last. Throws `Faulty` or `bad-request`.
 */
export async function inspectSdist(filename: Filename, staged: Staged): Promise<Distribution> {
  const limit = unpackedLimit(staged.size);
  const tree = new Tree();
  let info: Uint8Array | undefined;
  const cursor = new Cursor(gunzip(piecesOf(staged)));
  try {
    for await (const { member, content } of readTar(cursor, limit)) {
      tree.add(member);
      if (member.path !== `${tree.top}/PKG-INFO` || member.kind !== "file") continue;
      if (member.size > MAX_PKG_INFO) throw new Faulty("has a PKG-INFO of more than 5 MiB");
      info = await content();
    }
    if (cursor.at > limit) throw unpacksTooFar(limit);
  } finally {
    await cursor.close();
  }
  tree.check();
  if (!info) throw new Faulty(`has no PKG-INFO in ${shown(tree.top)}`);
  const metadata = parseCoreMetadata(info, "PKG-INFO");
  const { project } = metadata;
  const { version, requiresPython } = agreed(
    metadata,
    { project, version: sdistVersion(filename, project) },
    "PKG-INFO",
  );
  // By its name alone a file is asked for: what cannot be found by it would be published and never be had.
  if (!projectCandidates(filename).includes(project)) throw misnamed(project, version);
  const behind = behindName(tree.top, project);
  if (behind === undefined || !isSameVersion(behind, version)) {
    throw new Faulty(
      `has the directory ${shown(tree.top)} where ${project.replaceAll("-", "_")}-${version} is expected`,
    );
  }
  if (!BUILDS.some((name) => tree.hasFile(`${tree.top}/${name}`))) {
    throw new Faulty(`has neither pyproject.toml nor setup.py in ${shown(tree.top)}, so nothing can be built from it`);
  }
  return { filename, project, version, identity: sdistIdentity(project, version), requiresPython };
}

const misnamed = (project: string, version: string) =>
  new Faulty(
    "has a name that does not say where the version begins",
    `call it ${project.replaceAll("-", "_")}-${version}.tar.gz`,
  );
