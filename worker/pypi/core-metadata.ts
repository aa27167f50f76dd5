import { badRequest } from "../errors.ts";
import type { Filename } from "./filename.ts";
import { AMBIGUOUS, headersOf } from "./headers.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { normalVersion } from "./pep440.ts";
import { parseRequirement } from "./requirement.ts";
import { isSpecifierSet } from "./specifiers.ts";
import { versionOf } from "./version.ts";

/** The fields of a distribution file's core metadata that an index uses. */
export interface CoreMetadata {
  readonly project: ProjectName;
  /** Normalised (PEP 440). */
  readonly version: string;
  readonly requiresPython?: string | undefined;
}

/** Supported metadata versions: 1.0 to 1.2 and all of 2.x, since a minor version only adds fields. */
const KNOWN = /^(?:1\.[0-2]|2\.\d{1,2})$/;

/** Limit of `Requires-Python`, which the project page repeats for each file. Characters. */
const MAX_SPECIFIERS = 1_000;

/** A longer requirement may have more parts than `parseRequirement` reads, and be one all the same. Characters. */
const MAX_CHECKED = 1_500;

/**
 * Reads core metadata. Throws `bad-request` with a sentence that tells the file's author what to change.
 *
 * @param where the name of the archive member: METADATA or PKG-INFO
 */
export function parseCoreMetadata(bytes: Uint8Array, where: string): CoreMetadata {
  const headers = headersOf(decoded(bytes, where));
  const [ambiguous] = headers.get(AMBIGUOUS) ?? [];
  if (ambiguous !== undefined) {
    throw badRequest(
      `${where} has the line ${shown(ambiguous)} among its fields, which installers read in different ways; take out lines that begin with ":" or "From ", and line ends that are a CR alone.`,
    );
  }
  const one = (field: string) => {
    const values = headers.get(field.toLowerCase()) ?? [];
    if (values.length > 1) throw badRequest(`${where} has ${field} ${values.length} times; build the file with one.`);
    return values[0];
  };
  const metadataVersion = one("Metadata-Version");
  if (metadataVersion === undefined) {
    throw badRequest(`${where} has no Metadata-Version, so it is not core metadata; build the file with a build tool.`);
  }
  if (!KNOWN.test(metadataVersion)) {
    throw badRequest(`${where} has Metadata-Version ${shown(metadataVersion)}; 1.0 to 1.2 and 2.x can be published.`);
  }
  const name = one("Name");
  const project = name === undefined ? undefined : asProjectName(name);
  if (!project) {
    throw badRequest(
      `${where} has ${name === undefined ? "no Name" : `the Name ${shown(name)}`}; give the project a valid name.`,
    );
  }
  const raw = one("Version");
  const version = raw === undefined ? undefined : normalVersion(raw);
  if (version === undefined) {
    throw badRequest(
      `${where} has ${raw === undefined ? "no Version" : `the Version ${shown(raw)}`}; give the project a version of PEP 440, such as 1.0.2.`,
    );
  }
  const requiresPython = one("Requires-Python");
  if (requiresPython !== undefined && requiresPython.length > MAX_SPECIFIERS) {
    throw badRequest(
      `${where} has a Requires-Python of ${requiresPython.length} characters; at most ${MAX_SPECIFIERS} are accepted.`,
    );
  }
  if (requiresPython !== undefined && !isSpecifierSet(requiresPython)) {
    throw badRequest(
      `${where} has the Requires-Python ${shown(requiresPython)}, which is not a set of version specifiers; write it as >=3.9 or >=3.9,!=3.12.* on one line.`,
    );
  }
  const unreadable = headers
    .get("requires-dist")
    ?.find((each) => each.length <= MAX_CHECKED && !parseRequirement(each));
  if (unreadable !== undefined) {
    throw badRequest(
      `${where} has the Requires-Dist ${shown(unreadable)}, which is not a requirement of PEP 508, so that current installers pass over this release; write it as demo>=2,<3 or demo[extra]>=2; python_version < "3.12".`,
    );
  }
  return { project, version, requiresPython: requiresPython || undefined };
}

function decoded(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badRequest(`${where} is not UTF-8; build the file with a build tool that writes its metadata in UTF-8.`);
  }
}

const shown = (text: string) => JSON.stringify(text.slice(0, 80));

/**
 * Whether the bytes are core metadata with the project and version of `wheel`. Where the page does not advertise a `.metadata`,
 * the upstream is asked all the same, and its answer may be anything.
 */
export function isCoreMetadata(bytes: Uint8Array, wheel: Filename, project: ProjectName): boolean {
  const headers = headersOf(new TextDecoder().decode(bytes));
  const [name] = headers.get("name") ?? [];
  const [version] = headers.get("version") ?? [];
  const named = versionOf(wheel, project);
  if (!headers.has("metadata-version") || !name || !version || !named) return false;
  return asProjectName(name) === project && escaped(version) === escaped(named);
}

/** A version as written in wheels' names (PEP 427): older tools write `_` for each run of other characters. */
const escaped = (version: string) => version.toLowerCase().replace(/[^\w.]+/g, "_");
