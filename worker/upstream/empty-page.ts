import { decodeHTML } from "entities";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import { readHtml } from "./html.ts";
import { htmlPieces } from "./page-bytes.ts";

/** A page without files is short; a longer document is not one. Bytes. */
const MAX_EMPTY = 64 * 1024;

/** Titles that servers give a project page: `Links for demo`, `root/pypi: links for demo`, `Index of /simple/demo/`. */
const HEADING = /\b(?:links for|index of)\s+(\S{1,300})$/i;

/** Elements for people to use, or that load the contents later: a project page has none of them. */
const INTERACTIVE = "form, input, button, script, iframe, frame, object, embed, img, svg, meta[http-equiv]";

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
  const rewriter = new HTMLRewriter()
    .on("*", { text: (chunk) => void (text += chunk.text) })
    .on(INTERACTIVE, { element: () => void (isInteractive = true) })
    .on("input", {
      element: (element) => void (asksForPassword ||= element.getAttribute("type")?.toLowerCase() === "password"),
    })
    .on("title, h1, h2, h3", {
      element: () => void headings.push(""),
      text: (chunk) => void headings.push((headings.pop() ?? "") + chunk.text),
    });
  await readHtml(rewriter, await htmlPieces(html));
  const isHeaded = headings.some((heading) => {
    const [, named = ""] = HEADING.exec(decodeHTML(heading).trim()) ?? [];
    return asProjectName(named.replace(/\/$/, "").split("/").at(-1) ?? "") === name;
  });
  if (isHeaded && !asksForPassword) return true;
  const said = decodeHTML(text).trim();
  const isWhole = /<\/(?:html|body)\s*>\s*$/i.test(new TextDecoder().decode(html.subarray(-100)));
  return wasGood && isWhole && !isInteractive && (said === "" || asProjectName(said) === name);
}
