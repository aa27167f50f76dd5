import type { ProjectName } from "./name.ts";
import { verifiableDigest, type DigestAlgorithm, type FileEntry, type Hashes, type ProjectPage } from "./page.ts";

/** Part of the store's keys and of every ETag. Raise it when a page with the same content is rendered differently. */
export const HTML_VERSION = "2";

/** The digests that uv accepts in a fragment: it refuses a whole page with another algorithm. */
const IN_FRAGMENTS: readonly DigestAlgorithm[] = ["sha512", "sha384", "sha256", "md5"];

const SPECIAL = /[&<>"']/g;
const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

const CLOSING = "</body>\n</html>\n";

/** PEP 700 requires sizes in JSON only, so every HTML page may declare this version. */
const VERSION = meta("pypi:repository-version", "1.4");

/**
 * A page as PEP 503 HTML with the attributes of PEP 592, 658, 714, 740 and 792, in pieces. All text is escaped, since it comes from
 * the upstream.
 */
export function* htmlOf(page: ProjectPage): Generator<string> {
  const status = page.status;
  const metas = [
    VERSION,
    page.lastSerial === undefined ? "" : meta("pypi:last-serial", String(page.lastSerial)),
    status ? meta("pypi:project-status", status.status) : "",
    status?.reason ? meta("pypi:project-status-reason", status.reason) : "",
  ];
  yield htmlOpening(`Links for ${page.name}`, metas);
  for (const file of page.files) yield anchor(file);
  yield CLOSING;
}

/** A page of links to files of any projects (pip's `--find-links`). */
export const renderLinks = (title: string, files: readonly FileEntry[]) =>
  htmlOpening(title, [VERSION]) + files.map(anchor).join("") + CLOSING;

/** The root listing in three parts, to be streamed. */
export const rootHtml = {
  opening: htmlOpening("Simple index", [VERSION]),
  // A normalized name has nothing to escape, and a listing has hundreds of thousands.
  project: (name: ProjectName) => `<a href="${name}/">${name}</a><br>\n`,
  closing: CLOSING,
};

function htmlOpening(title: string, metas: string[]): string {
  return `<!DOCTYPE html>\n<html>\n<head>\n${metas.join("")}<title>${escape(title)}</title>\n</head>\n<body>\n<h1>${escape(title)}</h1>\n`;
}

function meta(name: string, content: string): string {
  return `<meta name="${name}" content="${escape(content)}">\n`;
}

function anchor(file: FileEntry): string {
  const digest = verifiableDigest(file.hashes, IN_FRAGMENTS);
  const fragment = digest ? `#${digest.algorithm}=${digest.hex}` : "";
  const attributes = [attribute("href", file.url + fragment)];
  const requires = file["requires-python"];
  if (requires !== undefined) attributes.push(attribute("data-requires-python", requires));
  if (file.yanked !== undefined && file.yanked !== false) {
    attributes.push(attribute("data-yanked", file.yanked === true ? "" : file.yanked));
  }
  const metadata = file["core-metadata"];
  if (metadata) {
    // Clients from before PEP 714 read the second name only.
    const value = metadataValue(metadata);
    attributes.push(attribute("data-core-metadata", value), attribute("data-dist-info-metadata", value));
  }
  if (file.provenance !== undefined) attributes.push(attribute("data-provenance", file.provenance));
  return `<a ${attributes.join(" ")}>${escape(file.filename)}</a><br>\n`;
}

function metadataValue(metadata: true | Hashes): string {
  const digest = metadata === true ? undefined : verifiableDigest(metadata, IN_FRAGMENTS);
  return digest ? `${digest.algorithm}=${digest.hex}` : "true";
}

const attribute = (name: string, value: string) => `${name}="${escape(value)}"`;

/** Most texts have nothing to escape, and one search costs much less than a replacement. */
function escape(text: string): string {
  return text.search(SPECIAL) === -1 ? text : text.replace(SPECIAL, (character) => ESCAPES[character] ?? character);
}
