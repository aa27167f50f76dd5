import { badRequest } from "../errors.ts";
import { asFilename, type Filename } from "./filename.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { canonicalVersion, normalVersion } from "./pep440.ts";

/** A parsed wheel filename (PEP 427 and the PyPA's binary distribution format). */
export interface WheelName {
  readonly filename: Filename;
  readonly project: ProjectName;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** All tags of the compressed tag sets, such as `py2-none-any` and `py3-none-any`. */
  readonly tags: ReadonlySet<string>;
  /** One name for all spellings of the filename: of the project's name, of `1.0` and `1`, and of the tags' case and order. */
  readonly identity: string;
}

/** Without hyphens, which separate fields, and without `__`: one `_` replaces each run of hyphens, dots and `_` (PEP 427). */
const NAME = /^(?!.*__)[a-z0-9](?:[a-z0-9._]*[a-z0-9])?$/i;

const BUILD = /^\d[a-z0-9_.]*$/i;

/** One or more tags, with dots between them. */
const TAGS = /^\w+(?:\.\w+)*$/;

/** Python tags; in packaging each is an identifier, such as `py3`, which cannot begin with a digit. */
const PYTHONS = /^[a-z_]\w*(?:\.[a-z_]\w*)*$/i;

/** Limit of the tags of one wheel, whose number is the product of the three sets' sizes. */
const MAX_TAGS = 1_000;

/**
 * Reads a wheel's filename as strictly as pip does (packaging's `parse_wheel_filename`): pip ignores a wheel with another name.
 * Throws `bad-request`.
 */
export function parseWheelName(raw: string): WheelName {
  const filename = asFilename(raw);
  const fields = filename?.replace(/\.whl$/, "").split("-") ?? [];
  if (!filename?.endsWith(".whl") || (fields.length !== 5 && fields.length !== 6)) {
    throw refused(raw, "does not have five or six fields, separated by hyphens");
  }
  const [name = "", version = ""] = fields;
  const build = fields.length === 6 ? fields[2] : undefined;
  const project = NAME.test(name) ? asProjectName(name) : undefined;
  if (!project) throw refused(raw, `begins with ${shown(name)}, which is not a project's name`);
  const normal = normalVersion(version);
  if (normal === undefined)
    throw refused(raw, `gives ${shown(version)} as the version, which is not a version of PEP 440`);
  if (build !== undefined && !BUILD.test(build)) {
    throw refused(raw, `gives ${shown(build)} as the build tag, which must begin with a digit`);
  }
  const sets = fields.slice(-3);
  const wrong = sets.find((set, at) => !(at === 0 ? PYTHONS : TAGS).test(set));
  if (wrong !== undefined) throw refused(raw, `gives ${shown(wrong)} as a tag, which is not valid`);
  const tags = expandTag(sets.join("-"));
  if (!tags) throw refused(raw, `has more than ${MAX_TAGS} tags`);
  return { filename, project, version: normal, tags, identity: wheelIdentity(project, normal, build, sets) };
}

/** The normalised version in an old wheel's name, where `_` replaces a hyphen. Undefined where it is not a PEP 440 version. */
export const wheelVersion = (field: string) => normalVersion(field.replaceAll("_", "-"));

/**
 * One name for all spellings of a wheel's filename.
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

/**
 * The tags of a compressed tag set such as `py2.py3-none-any` (PEP 425), in lower case; undefined where the text is not a tag set or
 * has too many tags.
 */
export function expandTag(set: string): ReadonlySet<string> | undefined {
  const fields = set.toLowerCase().split("-");
  const [pythons = [], abis = [], platforms = []] = fields.map((field) => field.split("."));
  if (fields.length !== 3 || pythons.length * abis.length * platforms.length > MAX_TAGS) return undefined;
  return new Set(pythons.flatMap((python) => abis.flatMap((abi) => platforms.map((on) => `${python}-${abi}-${on}`))));
}

const shown = (text: string) => JSON.stringify(text.slice(0, 60));

const refused = (filename: string, what: string) =>
  badRequest(
    `${JSON.stringify(filename.slice(0, 120))} is not a wheel's filename; it ${what}. Expected is {name}-{version}[-{build}]-{python}-{abi}-{platform}.whl, as build tools write it.`,
  );
