import { parseCoreMetadata } from "../../pypi/core-metadata.ts";
import { AMBIGUOUS, headersOf } from "../../pypi/headers.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { afterName } from "../../pypi/version.ts";
import { expandTag, type WheelName } from "../../pypi/wheel-name.ts";
import { contentOf, RangedArchive } from "../../repository/ranged-archive.ts";
import type { Distribution } from "../distribution.ts";
import { InvalidDistribution, quotedName } from "./invalid-distribution.ts";
import { matchFilename } from "./match-filename.ts";
import { MAX_NAME_BYTES } from "./limits.ts";
import type { StagedFile } from "../staged-file.ts";
import { verifyContents } from "./wheel/contents.ts";
import { readDirectory, type WheelDirectory, type WheelMember } from "./wheel/directory.ts";
import { readRecord } from "./wheel/record.ts";

/**
 * The first read, from the end of the file. It contains the whole directory of most wheels, and `dist-info`, which comes
 * last (PEP 427). Bytes.
 */
const TAIL_BYTES = 66 * 1024;

/** Limit for all partial reads together: the largest allowed directory, RECORD and METADATA, and the tail. Bytes. */
const MAX_READ_BYTES = 32 * 1024 * 1024;

/** Limit for the number of partial reads: the tail, the directory, and two for each of the three files. */
const MAX_READS = 8;

const MIB = 1024 * 1024;
const MAX_METADATA = 5 * MIB;
const MAX_WHEEL = 1 * MIB;

/**
 * Checks a wheel (the binary distribution format): every reader must see the same members, the filename, METADATA and
 * WHEEL must match, and RECORD must list exactly its files. The directory is checked first; then the whole file is read
 * once. Throws `InvalidDistribution`, `UnreadableWheel` or `bad-request`.
 */
export async function inspectWheel(name: WheelName, staged: StagedFile): Promise<Distribution> {
  const archive = new RangedArchive(
    (range) => staged.read(range),
    await staged.read({ suffix: TAIL_BYTES }),
    MAX_READS,
    MAX_READ_BYTES,
  );
  const directory = await readDirectory(archive);
  const info = infoOf(directory, name);
  const contentIn = async (member: string, max: number) => {
    const found = directory.members.get(`${info}/${member}`);
    if (!found) throw new InvalidDistribution(`has no ${member} in ${info}`);
    const other = [...directory.members.values()].find((each) => each !== found && isSamePath(each.name, found.name));
    if (other) {
      throw new InvalidDistribution(
        `has ${quotedName(other.name)} beside ${quotedName(found.name)}, which some file systems take for one file`,
      );
    }
    return contentOf(archive, found, member, max);
  };
  const metadata = await contentIn("METADATA", MAX_METADATA);
  const { requiresPython } = matchFilename(parseCoreMetadata(metadata, "METADATA"), name, "METADATA");
  checkTags(await contentIn("WHEEL", MAX_WHEEL), name);
  const record = await contentIn("RECORD", MAX_NAME_BYTES);
  await verifyContents(staged, directory, readRecord(record, `${info}/RECORD`, directory.members));
  const { filename, project, version, identity } = name;
  return { filename, project, version, identity, requiresPython, metadata };
}

/** The one `dist-info` directory. Case is ignored: some file systems would merge two that differ only in case. */
function infoOf({ members }: WheelDirectory, { project, version }: WheelName): string {
  const infos = new Set([...members.values()].map(topOf).filter((top) => /\.dist-info$/i.test(top)));
  const [info] = infos;
  if (info === undefined || infos.size !== 1) {
    throw new InvalidDistribution(
      info === undefined ? "has no dist-info directory" : `has ${infos.size} dist-info directories`,
    );
  }
  const behind = afterName(info, project);
  if (!behind?.endsWith(".dist-info") || !isSameVersion(behind.slice(0, -".dist-info".length), version)) {
    throw new InvalidDistribution(
      `has the directory ${quotedName(info)} where ${project.replaceAll("-", "_")}-${version}.dist-info is expected`,
      "keep the name that the build tool gave it, or build it again",
    );
  }
  return info;
}

const isSamePath = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

const topOf = ({ name }: WheelMember) => name.split("/", 1)[0] ?? "";

function checkTags(bytes: Uint8Array, { tags }: WheelName): void {
  const headers = headersOf(decoded(bytes));
  const [ambiguous] = headers.get(AMBIGUOUS) ?? [];
  if (ambiguous !== undefined)
    throw new InvalidDistribution(
      `has the line ${quotedName(ambiguous)} in WHEEL, which installers read in different ways`,
    );
  const versions = headers.get("wheel-version") ?? [];
  if (versions.length !== 1 || !/^1\.\d{1,3}$/.test(versions[0] ?? "")) {
    throw new InvalidDistribution(
      `has ${versions.length === 0 ? "no Wheel-Version" : `Wheel-Version ${quotedName(versions.join(", "))}`} in WHEEL, where 1.0 is expected`,
    );
  }
  const missing = new Set(tags);
  for (const set of headers.get("tag") ?? []) {
    for (const tag of expandTag(set) ?? [set]) {
      if (!tags.has(tag)) throw mistagged(`has the tag ${quotedName(tag)} in WHEEL and not in its name`);
      missing.delete(tag);
    }
  }
  for (const tag of missing) throw mistagged(`has the tag ${quotedName(tag)} in its name and not in WHEEL`);
}

/** Decodes as pip does: a byte order mark becomes a part of the first field's name. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidDistribution("has a WHEEL that is not UTF-8");
  }
}

const mistagged = (what: string) =>
  new InvalidDistribution(what, "keep the name that the build tool gave it, or retag it with `wheel tags`");
