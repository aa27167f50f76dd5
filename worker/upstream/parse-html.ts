import { decodeHTML, decodeHTMLAttribute } from "entities";
import { isDistribution } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { cleanSerial, type FileEntry, type ProjectPage } from "../pypi/page.ts";
import { assertReadable } from "./api-version.ts";
import { digestsIn, statusFrom, toEntries, type DescribedFile } from "./entry.ts";
import { isEmptyPage } from "./empty-page.ts";
import { readHtml, type HtmlListener } from "../repository/html.ts";
import { htmlPieces } from "./page-bytes.ts";

/** Attributes of all links together, at some microseconds each. No real page has as many. */
const MAX_ATTRIBUTES = 500_000;

/** Files that are processed before other requests can run. */
const BATCH = 500;

/** A link; its attributes are decoded, its text is not. */
interface Anchor {
  readonly attributes: ReadonlyMap<string, string>;
  text: string;
}

/** The files that a document links to, and its `<meta>` elements, by name. */
interface Links {
  readonly files: FileEntry[];
  readonly metas: ReadonlyMap<string, string>;
}

/**
 * Reads a project page in an upstream's PEP 503 HTML, old or new. Throws an `Error` with the reason where the document is not such
 * a page: a log-in page with status 200 must not look like a project without files.
 *
 * @param html UTF-8
 * @param base the page's URL; a `<base>` in the page overrides it
 * @param wasGood whether this upstream gave a good page of the project before
 */
export async function parseHtml(
  html: Uint8Array,
  name: ProjectName,
  base: URL,
  mayFetch: (url: URL) => boolean,
  wasGood = false,
): Promise<ProjectPage> {
  const { files, metas } = await linksIn(html, base, mayFetch);
  if (files.length === 0 && !metas.has("pypi:repository-version") && !(await isEmptyPage(html, name, wasGood))) {
    throw new Error("its page is neither JSON nor a list of files");
  }
  return {
    name,
    files,
    status: statusFrom(metas.get("pypi:project-status"), metas.get("pypi:project-status-reason")),
    lastSerial: cleanSerial(metas.get("pypi:last-serial")),
  };
}

/**
 * Reads the files on a page of links to files of any projects. Throws an `Error` where it has none and no
 * `pypi:repository-version`: every project of this upstream would look absent.
 */
export async function parseLinks(
  html: Uint8Array,
  base: URL,
  mayFetch: (url: URL) => boolean,
): Promise<readonly FileEntry[]> {
  const { files, metas } = await linksIn(html, base, mayFetch);
  if (files.length > 0 || metas.has("pypi:repository-version")) return files;
  throw new Error("its page is neither JSON nor a list of files");
}

async function linksIn(html: Uint8Array, base: URL, mayFetch: (url: URL) => boolean): Promise<Links> {
  const anchors: Anchor[] = [];
  const metas = new Map<string, string>();
  let baseHref: string | undefined;
  let count = 0;
  let open: Anchor | undefined;
  const listener: HtmlListener = {
    opened(name, attributes) {
      const valueOf = (attribute: string) => decodeHTMLAttribute(attributes.get(attribute) ?? "");
      if (name === "base" && attributes.has("href")) baseHref ??= valueOf("href");
      if (name === "meta") metas.set(attributes.get("name") ?? "", valueOf("content"));
      if (name !== "a") return;
      count += attributes.size;
      if (count > MAX_ATTRIBUTES) throw new Error(`the links of its page have more than ${MAX_ATTRIBUTES} attributes`);
      open = {
        attributes: new Map([...attributes].map(([key, value]) => [key, decodeHTMLAttribute(value)])),
        text: "",
      };
      anchors.push(open);
    },
    closed(name) {
      if (name === "a") open = undefined;
    },
    text(piece) {
      if (open) open.text += piece;
    },
  };
  await readHtml(listener, await htmlPieces(html));
  assertReadable(metas.get("pypi:repository-version"));

  const root = baseHref !== undefined && URL.canParse(baseHref, base) ? new URL(baseHref, base) : base;
  function* described() {
    for (let at = 0; at < anchors.length; at += BATCH) {
      yield anchors.slice(at, at + BATCH).flatMap((anchor) => describe(anchor, root) ?? []);
    }
  }
  return { files: await toEntries(described(), root, mayFetch), metas };
}

/** The file that an anchor links to; undefined where it links to something else. */
function describe({ attributes, text }: Anchor, base: URL): DescribedFile | undefined {
  const href = attributes.get("href");
  const url = href === undefined ? null : URL.parse(href, base);
  const filename = url && filenameOf(url, text);
  if (!filename) return undefined;
  const metadata = attributes.get("data-core-metadata") ?? attributes.get("data-dist-info-metadata");
  return {
    filename,
    url: url.href,
    hashes: [],
    "requires-python": attributes.get("data-requires-python"),
    yanked: attributes.get("data-yanked"),
    "core-metadata": metadata === undefined ? undefined : metadataIn(metadata),
    provenance: absolute(attributes.get("data-provenance")),
  };
}

/** PEP 714: `true`, or a digest as in a fragment. Any other value advertises no core metadata, as in pip. */
function metadataIn(text: string): DescribedFile["core-metadata"] {
  if (text === "true") return true;
  return text.includes("=") ? digestsIn(text) : undefined;
}

/**
 * The file's name is the last segment of its URL, as clients read it. The link's text may be anything, so it counts only where
 * the segment is not a distribution file's name, as in `download?id=5`.
 */
function filenameOf(url: URL, text: string): string | undefined {
  const segment = lastSegment(url);
  if (segment !== undefined && isDistribution(segment)) return segment;
  const written = decodeHTML(text).trim();
  return isDistribution(written) && !written.includes("/") ? written : undefined;
}

function lastSegment(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  } catch {
    return undefined;
  }
}

const absolute = (url: string | undefined) => (url !== undefined && URL.canParse(url) ? url : undefined);
