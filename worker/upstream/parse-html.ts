import { decodeHTML, decodeHTMLAttribute } from "entities";
import { isDistribution } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import {
  cleanSerial,
  DIGESTS,
  type FileEntry,
  type Hashes,
  type ProjectPage,
  type ProjectStatus,
} from "../pypi/page.ts";
import { toEntries, type Described } from "./entry.ts";

/**
 * A page from an upstream's PEP 503 HTML of any age. Throws an `Error` with the reason where the document is no such page.
 *
 * @param base the URL the page came from; a `<base>` in it goes first
 */
export async function parseHtml(
  html: string,
  name: ProjectName,
  base: URL,
  mayFetch: (url: URL) => boolean,
): Promise<ProjectPage> {
  const { files, metas } = await parseLinks(html, base, mayFetch);
  return { name, files, status: statusOf(metas), lastSerial: cleanSerial(metas.get("pypi:last-serial")) };
}

/**
 * The files that an HTML document links to, and its metas by name. Throws an `Error` where it has no file and does not say
 * that it is a Simple page: a log-in page that answers 200 must not read as a project without files.
 */
export async function parseLinks(
  html: string,
  base: URL,
  mayFetch: (url: URL) => boolean,
): Promise<{ files: FileEntry[]; metas: ReadonlyMap<string, string> }> {
  const anchors: { attributes: Map<string, string>; text: string }[] = [];
  const metas = new Map<string, string>();
  let baseHref: string | undefined;
  const document = new HTMLRewriter()
    .on("base", { element: (element) => void (baseHref ??= decodedHref(element)) })
    .on("meta", {
      element: (element) =>
        void metas.set(element.getAttribute("name") ?? "", decodeHTMLAttribute(element.getAttribute("content") ?? "")),
    })
    .on("a", {
      // HTMLRewriter gives attributes as they are written, entities undecoded.
      element: (element) =>
        void anchors.push({
          attributes: new Map(
            [...element.attributes].map(([key = "", value = ""]) => [key, decodeHTMLAttribute(value)]),
          ),
          text: "",
        }),
      text(chunk) {
        const anchor = anchors.at(-1);
        if (anchor) anchor.text += chunk.text;
      },
    });
  await document.transform(new Response(html)).arrayBuffer();

  const root = baseHref !== undefined && URL.canParse(baseHref, base) ? new URL(baseHref, base) : base;
  const described = anchors
    .map(({ attributes, text }) => describe(attributes, decodeHTML(text).trim(), root))
    .filter((file) => file !== undefined);
  const files = toEntries(described, root, mayFetch);
  if (files.length === 0 && !metas.has("pypi:repository-version")) {
    throw new Error("its page is neither JSON nor a list of files");
  }
  return { files, metas };
}

/** The address of a `<base>`; undefined where it has none. */
function decodedHref(element: Element): string | undefined {
  const href = element.getAttribute("href");
  return href === null ? undefined : decodeHTMLAttribute(href);
}

/** What an anchor says of a file; undefined where it links to something else. */
function describe(attributes: Map<string, string>, text: string, base: URL): Described | undefined {
  const href = attributes.get("href");
  if (href === undefined || !URL.canParse(href, base)) return undefined;
  const url = new URL(href, base);
  // PEP 503 wants the text to be the filename; find-links pages write what they like.
  const filename = isDistribution(text) && !text.includes("/") ? text : lastSegment(url);
  if (filename === undefined || !isDistribution(filename)) return undefined;
  const metadata = attributes.get("data-core-metadata") ?? attributes.get("data-dist-info-metadata");
  return {
    filename,
    url: url.href,
    hashes: hashesIn(url.hash.slice(1)),
    "requires-python": attributes.get("data-requires-python"),
    yanked: attributes.has("data-yanked") ? attributes.get("data-yanked") || true : undefined,
    "core-metadata": metadata === undefined ? undefined : metadata === "true" || hashesIn(metadata),
    provenance: absolute(attributes.get("data-provenance")),
  };
}

/** `sha256=…` as PEP 503 has it; other algorithms than clients know are dropped, since uv refuses the page for one. */
function hashesIn(text: string): Hashes {
  const [algorithm = "", hex = ""] = text.split("=");
  return DIGESTS.some((known) => known === algorithm) && /^[0-9a-f]+$/i.test(hex) ? { [algorithm]: hex } : {};
}

function lastSegment(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  } catch {
    return undefined;
  }
}

const absolute = (url: string | undefined) => (url !== undefined && URL.canParse(url) ? url : undefined);

function statusOf(metas: ReadonlyMap<string, string>): ProjectStatus | undefined {
  const status = metas.get("pypi:project-status");
  return status === undefined ? undefined : { status, reason: metas.get("pypi:project-status-reason") };
}
