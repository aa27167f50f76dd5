import MarkdownIt from "markdown-it";
import type { Description } from "../pypi/project-metadata.ts";
import { allowedHtml, escapedHtml } from "./allowed-html.ts";

/** Raised when the same text is rendered otherwise: what was rendered before is then not used. */
export const RENDERER_VERSION = "1";

/** So much of a description is rendered, and the rest of it not shown. Characters. */
const MAX_RENDERED = 64 * 1024;

/** The addresses and titles of all links together: a reference is short, and what it stands for may be long. Characters. */
const MAX_ATTRIBUTES = 128 * 1024;

/** Controls that reorder text (Unicode's Bidi_Control), and invisible characters, but for joiners. */
const HIDDEN = /[\p{Bidi_Control}\u200b\u2060\ufeff\u{e0000}-\u{e007f}]/gu;

const markdown = new MarkdownIt("default", { html: true, linkify: false, typographer: false });
// Every address is checked once, by what HTML is reduced to: what Markdown would refuse is text with brackets.
markdown.validateLink = () => true;

/**
 * A description as HTML in which nothing is active, and which loads nothing: Markdown by its rules, everything else as it is
 * written. There is no renderer of reStructuredText in JavaScript that is safe for a text of strangers.
 */
export function renderDescription({ text, kind }: Description): string {
  const shown = text.toWellFormed().replace(HIDDEN, "").slice(0, MAX_RENDERED);
  const cut = shown.length < MAX_RENDERED ? "" : "<p>The rest of this text is not shown: it is too long.</p>";
  if (kind === "plain" || cellsIn(shown) > MAX_CELLS) return `<pre class="text">${escapedHtml(shown)}</pre>${cut}`;
  return allowedHtml(htmlOfMarkdown(shown)) + cut;
}

/** So many cells of tables are a tenth of a second's work. A row that has too few is filled up to the width of its table. */
const MAX_CELLS = 5_000;

/** A line that makes a table of the one before. */
const isDelimiters = (line: string) => line.includes("-") && /^[\s>|:-]*$/.test(line);

/** How many cells the tables of a Markdown text have at most. */
function cellsIn(text: string): number {
  let columns = 0;
  let cells = 0;
  for (const line of text.split(/\r\n?|\n/)) {
    if (line.trim() === "") columns = 0;
    else if (isDelimiters(line)) columns = Math.max(columns, line.split("|").length);
    cells += columns;
  }
  return cells;
}

function htmlOfMarkdown(text: string): string {
  const environment = {};
  const tokens = markdown.parse(text, environment);
  let left = MAX_ATTRIBUTES;
  for (const block of tokens) {
    for (const token of block.children ?? []) {
      token.attrs = (token.attrs ?? []).filter(
        ([name, value]) => name !== "title" && (left -= String(value).length) >= 0,
      );
    }
  }
  return markdown.renderer.render(tokens, markdown.options, environment);
}
