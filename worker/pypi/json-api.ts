import { HOSTED_SEGMENT, localUrl } from "./file-url.ts";
import { asFilename } from "./filename.ts";

/** Where clients get the files of a JSON document from this index. */
export interface OwnUrls {
  /** The absolute address below which each file has the address that it has on pages below `/files`; without a final slash. */
  readonly alias: string;
  /** The absolute address, ending in `/`, of an upstream's folder, which also does; undefined where none has one. */
  readonly packages?: { readonly root: string; readonly of: URL } | undefined;
}

/** A file in a project's or a release's JSON; all its other members are passed on unchanged. */
interface JsonFile {
  url?: unknown;
  filename?: unknown;
}

/**
 * PyPI's JSON of a project or a release with its files' URLs rewritten to this index. A mirror (bandersnatch) accepts only paths
 * that begin with `/packages`, so all of them do. A URL that cannot be rewritten stays, without credentials, query and fragment,
 * which may be secrets.
 *
 * @param text a JSON object
 */
export function withOwnUrls(text: string, here: OwnUrls): string {
  const document = JSON.parse(text) as { urls?: unknown; releases?: unknown };
  move(document.urls, here);
  if (isObject(document.releases)) for (const files of Object.values(document.releases)) move(files, here);
  return JSON.stringify(document);
}

function move(files: unknown, here: OwnUrls): void {
  if (!Array.isArray(files)) return;
  for (const file of files as unknown[]) if (isObject(file)) moveOne(file, here);
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
