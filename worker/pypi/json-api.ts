import { localUrl } from "./file-url.ts";
import { asFilename } from "./filename.ts";

/** Where clients get the files of a JSON document from this index. */
export interface OwnUrls {
  /** The index's absolute address, without a final slash. */
  readonly root: string;
  /** The upstream's folder that `{root}/packages/` maps to; ends in `/`. */
  readonly packages: URL;
}

/** A file in a project's or a release's JSON; all its other members are passed on unchanged. */
interface JsonFile {
  url?: unknown;
  filename?: unknown;
}

/**
 * PyPI's JSON of a project or a release with its files' URLs rewritten to this index. A mirror (bandersnatch) accepts only paths
 * that begin with `/packages`, so files in the upstream's `packages` folder get such a path, and others get the URL that they have
 * on pages. A URL that cannot be rewritten stays, without credentials, query and fragment, which may be secrets.
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

function moveOne(file: JsonFile, { root, packages }: OwnUrls): void {
  if (typeof file.url !== "string") return;
  const url = URL.parse(file.url);
  if (!url) {
    file.url = file.url.split(/[?#]/, 1)[0];
    return;
  }
  const filename = asFilename(typeof file.filename === "string" ? file.filename : "");
  const local = filename && localUrl(url, filename);
  if (!local) {
    if (url.username + url.password + url.search + url.hash === "") return;
    url.username = url.password = url.search = url.hash = "";
    file.url = url.href;
    return;
  }
  const below = local.url.replace(/^(?:\.\.\/)+files\//, "");
  const folder = packages.host + packages.pathname;
  file.url = below.startsWith(folder) ? `${root}/packages/${below.slice(folder.length)}` : `${root}/files/${below}`;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
