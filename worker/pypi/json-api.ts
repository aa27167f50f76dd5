import { HOSTED_SEGMENT, localUrl } from "./file-url.ts";
import { asFilename } from "./filename.ts";

/** Where clients get the files of a JSON document from this index. */
export interface OwnUrls {
  /** The absolute address below which each file has the address that it has on pages below `/files`; without a final slash. */
  readonly alias: string;
  /** The absolute address, ending in `/`, of an upstream's folder, which also does; undefined where none has one. */
  readonly packages?: { readonly root: string; readonly of: URL } | undefined;
}

/** What came of verifying the provenance of a file with this name and these bytes, as the JSON shows it. */
export interface ShownFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly shown: object;
}

/** A file in a project's or a release's JSON; all its other members are passed on unchanged. */
interface JsonFile {
  url?: unknown;
  filename?: unknown;
  digests?: unknown;
  /** Ours: who built the file. What an upstream has written there was not verified here. */
  _provenance?: unknown;
}

/**
 * PyPI's JSON of a project or a release with its files' URLs rewritten to this index, and with who built them, in `_provenance`, as
 * far as that was verified here. A mirror (bandersnatch) accepts only paths
 * that begin with `/packages`, so all of them do. A URL that cannot be rewritten stays, without credentials, query and fragment,
 * which may be secrets.
 *
 * @param text a JSON object
 * @param verified by filename
 */
export function withOwnFacts(text: string, here: OwnUrls, verified: ReadonlyMap<string, ShownFile>): string {
  const document = JSON.parse(text) as { urls?: unknown; releases?: unknown };
  const { urls, releases } = document;
  for (const files of [urls, ...(isObject(releases) ? Object.values(releases) : [])]) {
    if (!Array.isArray(files)) continue;
    for (const file of files as unknown[]) {
      if (!isObject(file)) continue;
      moveOne(file, here);
      sayWhoBuilt(file, verified);
    }
  }
  return JSON.stringify(document);
}

function sayWhoBuilt(file: JsonFile, verified: ReadonlyMap<string, ShownFile>): void {
  delete file._provenance;
  const known = typeof file.filename === "string" ? verified.get(file.filename) : undefined;
  if (known && isObject(file.digests) && file.digests["sha256"] === known.sha256) file._provenance = known.shown;
}

function moveOne(file: JsonFile, { alias, packages }: OwnUrls): void {
  if (typeof file.url !== "string") return;
  const url = URL.parse(file.url);
  if (!url) {
    file.url = file.url.split(/[?#]/, 1)[0];
    return;
  }
  const filename = asFilename(typeof file.filename === "string" ? file.filename : "");
  const local = filename && localUrl(url, filename);
  if (filename && url.host === HOSTED_SEGMENT) {
    file.url = `${alias}/${HOSTED_SEGMENT}${unescapedPlus(url.pathname)}`;
    return;
  }
  if (!local) {
    if (url.username + url.password + url.search + url.hash === "") return;
    url.username = url.password = url.search = url.hash = "";
    file.url = url.href;
    return;
  }
  const below = unescapedPlus(local.url.replace(/^(?:\.\.\/)+files\//, ""));
  const folder = packages && packages.of.host + packages.of.pathname;
  file.url =
    folder !== undefined && below.startsWith(folder)
      ? packages?.root + below.slice(folder.length)
      : `${alias}/${below}`;
}

/** bandersnatch stores a file by its decoded path, and verifies it by the path as it is. */
const unescapedPlus = (path: string) => path.replaceAll(/%2b/gi, "+");

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
