import { decodeHTML } from "entities";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import { readHtml, type HtmlListener } from "../repository/html.ts";
import { htmlPieces } from "./page-bytes.ts";

/** A page without files is short; a longer document is not one. Bytes. */
const MAX_EMPTY = 64 * 1024;

/** Titles that servers give a project page: `Links for demo`, `root/pypi: links for demo`, `Index of /simple/demo/`. */
const HEADING = /\b(?:links for|index of)\s+(\S{1,300})$/i;

/**
 * Elements for people to use, or that load the contents later: a project page has none of them, nor a `<meta http-equiv>`.
 */
const INTERACTIVE: ReadonlySet<string> = new Set(
  "form input button script iframe frame object embed img svg".split(" "),
);

const HEADINGS: ReadonlySet<string> = new Set(["title", "h1", "h2", "h3"]);

/**
 * Whether a document without links to files is the page of a project without files. PEP 503 requires nothing of such a page, and
 * a log-in page or an error page may also have status 200. So the document must have a project page's title with this project's
 * name, and no password field. Where a good page was read before, it is enough that the document is complete and is empty or
 * contains the name alone.
 *
 * @param html UTF-8
 */
export async function isEmptyPage(html: Uint8Array, name: ProjectName, wasGood: boolean): Promise<boolean> {
  if (html.length > MAX_EMPTY) return false;
  const headings: string[] = [];
  let text = "";
  let isInteractive = false;
  let asksForPassword = false;
  let isInHeading = false;
  const listener: HtmlListener = {
    opened(tag, attributes) {
      isInteractive ||= INTERACTIVE.has(tag) || (tag === "meta" && attributes.has("http-equiv"));
      asksForPassword ||= tag === "input" && attributes.get("type")?.toLowerCase() === "password";
      if (!HEADINGS.has(tag)) return;
      isInHeading = true;
      headings.push("");
    },
    closed(tag) {
      if (HEADINGS.has(tag)) isInHeading = false;
    },
    text(piece) {
      text += piece;
      if (isInHeading) headings.push((headings.pop() ?? "") + piece);
    },
  };
  await readHtml(listener, await htmlPieces(html));
  const isHeaded = headings.some((heading) => {
    const [, named = ""] = HEADING.exec(decodeHTML(heading).trim()) ?? [];
    return asProjectName(named.replace(/\/$/, "").split("/").at(-1) ?? "") === name;
  });
  if (isHeaded && !asksForPassword) return true;
  const said = decodeHTML(text).trim();
  const isWhole = /<\/(?:html|body)\s*>\s*$/i.test(new TextDecoder().decode(html.subarray(-100)));
  return wasGood && isWhole && !isInteractive && (said === "" || asProjectName(said) === name);
}
