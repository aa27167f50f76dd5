import { parseCoreMetadata } from "../../pypi/core-metadata.ts";
import { AMBIGUOUS, headersOf } from "../../pypi/headers.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { behindName } from "../../pypi/version.ts";
import { expandTag, type WheelName } from "../../pypi/wheel-name.ts";
import { contentOf, RangedArchive } from "../../repository/ranged-archive.ts";
import type { Distribution } from "../distribution.ts";
import { Faulty, shown } from "./faulty.ts";
import { agreed } from "./agreed.ts";
import { MAX_NAMES } from "./limits.ts";
import type { Staged } from "../staged.ts";
import { verifyContents } from "./wheel/contents.ts";
import { readDirectory, type Directory, type Member } from "./wheel/directory.ts";
import { readRecord } from "./wheel/record.ts";

/** The first read: most wheels' whole directory, and `dist-info` with it, which comes last (PEP 427). Bytes. */
const TAIL = 66 * 1024;

/** Of all reads of parts together: the directory, RECORD and METADATA at their largest, the tail. Bytes. */
const MAX_READ = 32 * 1024 * 1024;

/** The tail, the directory, and two for each of the three files that are looked at. */
const MAX_READS = 8;

const MIB = 1024 * 1024;
const MAX_METADATA = 5 * MIB;
const MAX_WHEEL = 1 * MIB;

/**
 * Checks a wheel (the binary distribution format): that it is an archive with one reading, that its name, METADATA and WHEEL
 * agree, and that its files are those of RECORD. What can be told from its directory comes first; then all of it is read
 * once. Throws `Faulty`, `UnreadableWheel` or `bad-request`.
 */
export async function inspectWheel(name: WheelName, staged: Staged): Promise<Distribution> {
  const archive = new RangedArchive(
    (range) => staged.read(range),
    await staged.read({ suffix: TAIL }),
    MAX_READS,
    MAX_READ,
  );
  const directory = await readDirectory(archive);
  const info = infoOf(directory, name);
  const contentIn = async (member: string, max: number) => {
    const found = directory.members.get(`${info}/${member}`);
    if (!found) throw new Faulty(`has no ${member} in ${info}`);
    return contentOf(archive, found, member, max);
  };
  const metadata = await contentIn("METADATA", MAX_METADATA);
  const { requiresPython } = agreed(parseCoreMetadata(metadata, "METADATA"), name, "METADATA");
  checkTags(await contentIn("WHEEL", MAX_WHEEL), name);
  const record = await contentIn("RECORD", MAX_NAMES);
  await verifyContents(staged, directory, readRecord(record, `${info}/RECORD`, directory.members));
  const { filename, project, version, identity } = name;
  return { filename, project, version, identity, requiresPython, metadata };
}

/** The one `dist-info` at the top. Another case of its name would be another only to some systems. */
function infoOf({ members }: Directory, { project, version }: WheelName): string {
  const infos = new Set([...members.values()].map(topOf).filter((top) => /\.dist-info$/i.test(top)));
  const [info] = infos;
  if (info === undefined || infos.size !== 1) {
    throw new Faulty(info === undefined ? "has no dist-info directory" : `has ${infos.size} dist-info directories`);
  }
  const behind = behindName(info, project);
  if (!behind?.endsWith(".dist-info") || !isSameVersion(behind.slice(0, -".dist-info".length), version)) {
    throw new Faulty(
      `has the directory ${shown(info)} where ${project.replaceAll("-", "_")}-${version}.dist-info is expected`,
      "leave the name that the build tool gave it, or build it anew",
    );
  }
  return info;
}

const topOf = ({ name }: Member) => name.split("/", 1)[0] ?? "";

function checkTags(bytes: Uint8Array, { tags }: WheelName): void {
  const headers = headersOf(decoded(bytes));
  const [ambiguous] = headers.get(AMBIGUOUS) ?? [];
  if (ambiguous !== undefined)
    throw new Faulty(`has the line ${shown(ambiguous)} in WHEEL, which installers read in different ways`);
  const versions = headers.get("wheel-version") ?? [];
  if (versions.length !== 1 || !/^1\.\d{1,3}$/.test(versions[0] ?? "")) {
    throw new Faulty(
      `has ${versions.length === 0 ? "no Wheel-Version" : `Wheel-Version ${shown(versions.join(", "))}`} in WHEEL, where 1.0 is expected`,
    );
  }
  const missing = new Set(tags);
  for (const set of headers.get("tag") ?? []) {
    for (const tag of expandTag(set) ?? [set]) {
      if (!tags.has(tag)) throw mistagged(`has the tag ${shown(tag)} in WHEEL and not in its name`);
      missing.delete(tag);
    }
  }
  for (const tag of missing) throw mistagged(`has the tag ${shown(tag)} in its name and not in WHEEL`);
}

/** As pip decodes it: a byte order mark is a part of the first field's name. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Faulty("has a WHEEL that is not UTF-8");
  }
}

const mistagged = (what: string) =>
  new Faulty(what, "leave the name that the build tool gave it, or retag it with `wheel tags`");
