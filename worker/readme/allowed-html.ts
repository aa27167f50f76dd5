import { decodeHTMLAttribute } from "entities";
import { htmlReader } from "../repository/html.ts";
import { printable } from "../pypi/text.ts";

/** What each allowed element becomes. A heading of a description stands below the page's own. */
const ELEMENTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    "p ul ol li dl dt dd blockquote pre code kbd samp var em strong b i u s del ins sub sup small mark q cite table thead tbody tfoot tr th td caption details summary div"
      .split(" ")
      .map((name) => [name, name]),
  ),
  center: "div",
  tt: "code",
  h1: "h3",
  h2: "h4",
  h3: "h5",
  h4: "h6",
  h5: "h6",
  h6: "h6",
};

/** Elements whose content is not for readers, or is read in another way than HTML. */
const DROPPED = new Set(
  "script style title textarea select svg math iframe object template noscript noembed noframes xmp plaintext head audio video canvas button form".split(
    " ",
  ),
);

/** Elements deeper than this are left out, and their content stays: browsers take long for a page that is deep. */
const MAX_DEPTH = 50;

/** More is cut: a small text can become a large one, by tables that are filled up for one. Characters. */
const MAX_OUTPUT = 512 * 1024;

const MAX_ALT = 200;

const FOREIGN = 'rel="nofollow noopener noreferrer ugc"';

/**
 * Untrusted HTML, reduced to text, structure and links: no element, attribute or address passes that is not in a list here. Elements
 * are balanced, so that nothing of it closes what stands around it. An image becomes a link to it. In a time that is linear in the
 * length of the text.
 */
export function allowedHtml(html: string): string {
  const open: string[] = [];
  /** The element that is left out with all that is in it, and how often it was opened within itself. */
  let dropped = "";
  let droppedDepth = 0;
  let isInLink = false;
  let isFull = false;
  let length = 0;
  const pieces: string[] = [];

  function add(piece: string): void {
    isFull ||= length + piece.length > MAX_OUTPUT;
    if (isFull) return;
    length += piece.length;
    pieces.push(piece);
  }

  function begin(name: string, tag: string): void {
    if (open.length >= MAX_DEPTH || isFull) return;
    open.push(name);
    add(tag);
  }

  function end(name: string): void {
    if (!open.includes(name)) return;
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      // Closed even where the text is cut.
      pieces.push(`</${last}>`);
      if (last === "a") isInLink = false;
      if (last === name) return;
    }
  }

  function image(attributes: ReadonlyMap<string, string>): void {
    const alt = valueOf(attributes, "alt").slice(0, MAX_ALT) || "image";
    const address = linkAddress(valueOf(attributes, "src"));
    add(
      isInLink || address === undefined ? escapedHtml(alt) : `<a href="${address}" ${FOREIGN}>${escapedHtml(alt)}</a>`,
    );
  }

  const reader = htmlReader({
    opened(name, attributes) {
      if (dropped === "" && DROPPED.has(name)) dropped = name;
      if (dropped !== "") droppedDepth += Number(name === dropped);
      else if (name === "br" || name === "hr") add(`<${name}>`);
      else if (name === "img") image(attributes);
      else if (name === "a") {
        const address = isInLink ? undefined : linkAddress(valueOf(attributes, "href"));
        if (address === undefined || open.length >= MAX_DEPTH || isFull) return;
        isInLink = true;
        begin("a", `<a href="${address}" ${FOREIGN}>`);
      } else {
        const element = Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name] : undefined;
        if (element !== undefined) begin(element, `<${element}${startOf(element, attributes)}>`);
      }
    },
    closed(name) {
      if (dropped !== "") {
        if (name === dropped && --droppedDepth === 0) dropped = "";
        return;
      }
      const element = name === "a" ? "a" : Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name] : undefined;
      if (element !== undefined) end(element);
    },
    text(piece) {
      if (dropped === "") add(piece.replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
    },
  });
  reader.write(html);
  reader.end();
  while (open.length > 0) pieces.push(`</${open.pop()}>`);
  if (isFull) pieces.push("<p>The rest of this text is not shown: it is too long.</p>");
  return pieces.join("");
}

/** The address of a link, escaped for an attribute; undefined where it does not lead to another site. */
function linkAddress(raw: string): string | undefined {
  const url = raw.length <= MAX_ADDRESS ? URL.parse(raw.trim()) : null;
  if (!url || !/^(?:https?|mailto):$/.test(url.protocol) || url.username + url.password !== "") return undefined;
  return escapedHtml(url.href);
}

/** Characters. */
const MAX_ADDRESS = 2_000;

const valueOf = (attributes: ReadonlyMap<string, string>, name: string) =>
  printable(decodeHTMLAttribute(attributes.get(name) ?? ""));

/** The number that an ordered list begins with: the only attribute that stays. */
function startOf(element: string, attributes: ReadonlyMap<string, string>): string {
  const start = element === "ol" ? valueOf(attributes, "start") : "";
  return /^\d{1,6}$/.test(start) ? ` start="${start}"` : "";
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text with the characters replaced that mean something in HTML. */
export const escapedHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
