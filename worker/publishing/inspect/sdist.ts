import { parseCoreMetadata } from "../../pypi/core-metadata.ts";
import { projectCandidates, type Filename } from "../../pypi/filename.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { sdistIdentity, sdistVersion } from "../../pypi/sdist-name.ts";
import { afterName } from "../../pypi/version.ts";
import { matchFilename } from "./match-filename.ts";
import { Cursor } from "./cursor.ts";
import type { Distribution } from "../distribution.ts";
import { InvalidDistribution, quotedName } from "./invalid-distribution.ts";
import { gunzip } from "./gunzip.ts";
import { unpackedLimit, unpacksTooFar } from "./limits.ts";
import { stagedChunks } from "./staged-chunks.ts";
import { SdistTree } from "./sdist/tree.ts";
import { readTar } from "./sdist/tar.ts";
import type { StagedFile } from "../staged-file.ts";

const MAX_PKG_INFO_BYTES = 5 * 1024 * 1024;

/** A build frontend needs one of these (PEP 517, and setuptools before it). */
const BUILD_FILES = ["pyproject.toml", "setup.py"];

/**
 * Checks an sdist (PEP 625): a gzipped tar of one directory with a PKG-INFO that matches the filename and something to
 * build from. Reads the file once. Throws `InvalidDistribution` or `bad-request`.
 */
export async function inspectSdist(filename: Filename, staged: StagedFile): Promise<Distribution> {
  const limit = unpackedLimit(staged.size);
  const tree = new SdistTree();
  let info: Uint8Array | undefined;
  const cursor = new Cursor(gunzip(stagedChunks(staged)));
  try {
    for await (const { member, content } of readTar(cursor, limit)) {
      tree.add(member);
      if (member.path !== `${tree.top}/PKG-INFO` || member.kind !== "file") continue;
      if (member.size > MAX_PKG_INFO_BYTES) throw new InvalidDistribution("has a PKG-INFO of more than 5 MiB");
      info = await content();
    }
    if (cursor.at > limit) throw unpacksTooFar(limit);
  } finally {
    await cursor.close();
  }
  tree.check();
  if (!info) throw new InvalidDistribution(`has no PKG-INFO in ${quotedName(tree.top)}`);
  const metadata = parseCoreMetadata(info, "PKG-INFO");
  const { project } = metadata;
  const { version, requiresPython } = matchFilename(
    metadata,
    { project, version: sdistVersion(filename, project) },
    "PKG-INFO",
  );
  // Files are looked up by their filename alone: a file whose name does not lead to its project could be published but
  // never downloaded.
  if (!projectCandidates(filename).includes(project)) throw misnamed(project, version);
  const behind = afterName(tree.top, project);
  if (behind === undefined || !isSameVersion(behind, version)) {
    throw new InvalidDistribution(
      `has the directory ${quotedName(tree.top)} where ${project.replaceAll("-", "_")}-${version} is expected`,
    );
  }
  if (!BUILD_FILES.some((name) => tree.hasFile(`${tree.top}/${name}`))) {
    throw new InvalidDistribution(
      `has neither pyproject.toml nor setup.py in ${quotedName(tree.top)}, so nothing can be built from it`,
    );
  }
  return { filename, project, version, identity: sdistIdentity(project, version), requiresPython, metadata: info };
}

const misnamed = (project: string, version: string) =>
  new InvalidDistribution(
    "has a name that does not say where the version begins",
    `call it ${project.replaceAll("-", "_")}-${version}.tar.gz`,
  );
