import { badRequest } from "../errors.ts";
import { asFilename, type Filename } from "./filename.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { canonicalVersion, normalVersion } from "./pep440.ts";

/** What a wheel's filename says (PEP 427, and the binary distribution format). */
export interface WheelName {
  readonly filename: Filename;
  readonly project: ProjectName;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** Every tag that the compressed sets mean, such as `py2-none-any` and `py3-none-any`. */
  readonly tags: ReadonlySet<string>;
  /** The same for all spellings of one file: the name, `1.0` as `1`, and the tags' cases and order. */
  readonly identity: string;
}

/** No hyphen, which separates fields; `_` stands for a run of hyphens, dots and `_` (PEP 427), so that two in a row do not occur. */
const NAME = /^(?!.*__)[a-z0-9](?:[a-z0-9._]*[a-z0-9])?$/i;

const BUILD = /^\d[a-z0-9_.]*$/i;

/** One or more tags, with dots between them. */
const TAGS = /^\w+(?:\.\w+)*$/;

/** A tag of Python is an identifier there: `py3`, and no number. */
const PYTHONS = /^[a-z_]\w*(?:\.[a-z_]\w*)*$/i;

/** A file fits few interpreters and platforms; the sets multiply. */
const MAX_TAGS = 1_000;

/** Reads a wheel's filename, as strictly as pip does (packaging's `parse_wheel_filename`): another it does not see. Throws `bad-request`. */
export function parseWheelName(raw: string): WheelName {
  const filename = asFilename(raw);
  const fields = filename?.replace(/\.whl$/, "").split("-") ?? [];
  if (!filename?.endsWith(".whl") || (fields.length !== 5 && fields.length !== 6)) {
    throw refused(raw, "has not the five or six fields, with hyphens between them");
  }
  const [name = "", version = ""] = fields;
  const build = fields.length === 6 ? fields[2] : undefined;
  const project = NAME.test(name) ? asProjectName(name) : undefined;
  if (!project) throw refused(raw, `begins with ${shown(name)}, which is no project's name`);
  const normal = normalVersion(version);
  if (normal === undefined) throw refused(raw, `gives ${shown(version)} as the version, which PEP 440 does not know`);
  if (build !== undefined && !BUILD.test(build)) {
    throw refused(raw, `gives ${shown(build)} as the build tag, which must begin with a digit`);
  }
  const sets = fields.slice(-3);
  const wrong = sets.find((set, at) => !(at === 0 ? PYTHONS : TAGS).test(set));
  if (wrong !== undefined) throw refused(raw, `gives ${shown(wrong)} as a tag`);
  const tags = expandTag(sets.join("-"));
  if (!tags) throw refused(raw, `means over ${MAX_TAGS} tags`);
  return { filename, project, version: normal, tags, identity: wheelIdentity(project, normal, build, sets) };
}

/** The version in an old wheel's name, normalised: `_` stands for a hyphen there. Undefined where it is none of PEP 440's. */
export const wheelVersion = (field: string) => normalVersion(field.replaceAll("_", "-"));

/**
 * The same for all spellings of one wheel.
 *
 * @param sets the three fields of tags
 */
export function wheelIdentity(
  project: ProjectName,
  version: string,
  build: string | undefined,
  sets: string[],
): string {
  const number = build?.toLowerCase().replace(/^0+(?=\d)/, "");
  const sorted = sets.map((set) => [...new Set(set.toLowerCase().split("."))].toSorted().join("."));
  const fields = [canonicalVersion(version), ...(number === undefined ? [] : [number]), ...sorted];
  return `${project.replaceAll("-", "_")}-${fields.join("-")}.whl`;
}

/** The tags that a compressed set such as `py2.py3-none-any` means (PEP 425), in lower case; undefined where it is none or they are too many. */
export function expandTag(set: string): ReadonlySet<string> | undefined {
  const fields = set.toLowerCase().split("-");
  const [pythons = [], abis = [], platforms = []] = fields.map((field) => field.split("."));
  if (fields.length !== 3 || pythons.length * abis.length * platforms.length > MAX_TAGS) return undefined;
  return new Set(pythons.flatMap((python) => abis.flatMap((abi) => platforms.map((on) => `${python}-${abi}-${on}`))));
}

const shown = (text: string) => JSON.stringify(text.slice(0, 60));

const refused = (filename: string, what: string) =>
  badRequest(
    `${JSON.stringify(filename.slice(0, 120))} is not a wheel's filename, it ${what}: {name}-{version}[-{build}]-{python}-{abi}-{platform}.whl is expected, as build tools write it.`,
  );
