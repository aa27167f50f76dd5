import { addressUrl } from "./file-url.ts";
import { isWheel } from "./filename.ts";
import { newestRelease } from "./newest.ts";
import { isYanked, type FileEntry, type ProjectPage } from "./page.ts";
import { versionOf } from "./version.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * PyPI's JSON of a project with the files of its page, neither more nor less. What the upstream's JSON says of the project and of those
 * files is kept; where there is none, as of hosted packages, it says what the page does.
 *
 * @param serial a number that is higher where the page is newer
 */
export function projectJson(page: ProjectPage, upstream: Json | undefined, serial: number): Json {
  const known = new Map(
    Object.entries(objectOf(upstream?.["releases"])).flatMap(([version, files]) =>
      (Array.isArray(files) ? (files as unknown[]) : []).map((file) => {
        const member = objectOf(file);
        return [member["filename"], { version, member }] as const;
      }),
    ),
  );
  const releases: Record<string, Json[]> = {};
  for (const entry of page.files) {
    // A file whose name does not lead to the project is listed with a version all the same: a mirror takes it.
    const { version = versionOf(entry.filename, page.name) ?? "0", member } = known.get(entry.filename) ?? {};
    (releases[version] ??= []).push({ ...described(entry, member), ...stated(entry) });
  }
  const [newest] = newestRelease(page.name, page.files);
  const shown = newest ? (versionOf(newest.filename, page.name) ?? "") : "";
  const info: Json = { name: page.name, version: shown, ...objectOf(upstream?.["info"]) };
  const urls = releases[String(info["version"])] ?? [];
  return { vulnerabilities: [], ...upstream, info, last_serial: serial, releases, urls };
}

/** What a page says of a file, under the names that PyPI's JSON has for it; what the upstream's JSON says stands before that. */
function described(entry: FileEntry, upstream: Json = {}): Json {
  const { filename, size = null, hashes, "requires-python": python = null, "upload-time": time = null } = entry;
  return {
    filename,
    size,
    packagetype: isWheel(filename) ? "bdist_wheel" : "sdist",
    requires_python: python,
    upload_time: time?.slice(0, "yyyy-mm-ddThh:mm:ss".length) ?? null,
    upload_time_iso_8601: time,
    ...upstream,
    digests: { ...objectOf(upstream["digests"]), ...hashes },
  };
}

/** What the page alone decides. */
const stated = (entry: FileEntry): Json => ({
  url: addressUrl(entry),
  yanked: isYanked(entry),
  yanked_reason: typeof entry.yanked === "string" ? entry.yanked : null,
});

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
