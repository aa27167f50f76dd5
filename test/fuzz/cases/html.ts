import { formatOf } from "../format.ts";
import type { Random } from "../random.ts";
import { encodeText, textChanges, utf8, type Text } from "./text.ts";

const DIGEST = "0123456789abcdef".repeat(4);
const META = '<meta name="pypi:repository-version" content="1.1">';

const HREFS = [
  `../../packages/aa/demo-1.0.tar.gz#sha256=${DIGEST}`,
  `https://files.test/demo-1.0-py3-none-any.whl#sha256=${DIGEST}`,
  "//files.test/p/demo-1.1.zip",
  "/p/demo-1.2.tar.gz?a=1&amp;b=2",
  "demo-1.0%2Blocal.tar.gz",
  `demo-1.3.tar.gz#md5=${DIGEST.slice(32)}`,
  `demo-1.4.tar.gz#egg=demo-1.4&amp;sha256=${DIGEST}`,
  `demo-1.5.tar.gz#sha256=${DIGEST}&amp;egg=demo-1.5`,
  "demo-1.6.tar.gz?copy=1&section=2",
];

const ATTRIBUTES = [
  'data-requires-python="&gt;=3.8"',
  'data-requires-python="&gt;=3.8,&#60;4"',
  "data-requires-python='>=3.8'",
  "data-requires-python=&gt;=3.6",
  "data-yanked",
  'data-yanked=""',
  'data-yanked="it &amp; was &quot;bad&quot;"',
  `data-core-metadata="sha256=${DIGEST}"`,
  `data-dist-info-metadata="sha256=${DIGEST}"`,
  'data-core-metadata="true"',
  'rel="internal"',
];

function anchor(random: Random): string {
  const href = random.pick(HREFS);
  const attributes = Array.from({ length: random.below(3) }, () => ` ${random.pick(ATTRIBUTES)}`);
  const name = href.replace(/[?#].*$/, "").replace(/^.*\//, "");
  return `<a href="${href}"${attributes.join("")}>${decodeURIComponent(name)}</a><br/>\n`;
}

function sound(random: Random): Text {
  const anchors = Array.from({ length: 1 + random.below(3) }, () => anchor(random));
  const base = random.oneIn(4) ? '<base href="https://files.test/base/">\n' : "";
  return {
    text: utf8(
      `<!DOCTYPE html>\n<html><head>${META}\n${base}</head>\n<body><h1>Links for demo</h1>\n${anchors.join("")}</body></html>\n`,
    ),
  };
}

const TOKENS = [
  "&amp;",
  "&AMP;",
  "&amp",
  "&lt;",
  "&gt",
  "&#62;",
  "&#x3E;",
  "&#x3e",
  "&#0;",
  "&#x80;",
  "&#xD800;",
  "&#1114112;",
  "&nbsp;",
  "&copy",
  "&copy=",
  "&notit;",
  "&notin;",
  "&eacute;",
  "&quot;",
  "&apos;",
  "&#38;gt;",
  "&",
  "&;",
  "&#;",
  "&x;",

  " ",
  "\t",
  "\n",
  "\r",
  "\x0c",
  "\0",
  "/",
  "//",
  "\\",
  "%",
  "%2F",
  "%20",
  "%zz",
  "é",
  "\u00a0",
  "\u2028",
  "+",
  "#",
  "?",
  "=",
  ":",
  "..",
  "./",
  "@",
  "[",
  "|",
  "^",
  "`",

  "<br>",
  "<b>",
  "</a>",
  "</A>",
  "<a>",
  "<a ",
  "<A HREF='x/demo-2.0.tar.gz'>",
  "<a href=demo-2.1.tar.gz>demo-2.1.tar.gz</a>",
  "<a/href=demo-2.2.zip>",
  "<a href=>",
  "<a href>",
  ">",
  "<",
  "'",
  '"',
  "</",
  "< a",
  "<a\n",
  "<ä>",

  "<!-- ",
  " -->",
  "<!-- <a href=demo-2.3.tar.gz> -->",
  "<!---->",
  "<!x>",
  "<?php ?>",
  "<![CDATA[x]]>",
  "</br>",
  "<p",
  "<script>",
  "</script>",
  "<style>x</style>",
  "<template>",
  "</html>",
  "<svg>",
  "</body>",
  "<table>",

  '<base href="https://other.test/x/">',
  "<base>",
  '<base target="x">',
  "href='y/demo-3.0.tar.gz'",
  "HREF=demo-3.1.tar.gz",
  ' data-requires-python="<3"',
  " data-yanked=x",
  " data-core-metadata",
  " data-gpg-sig=true",
];

/** What Python reads otherwise than HTML and its addresses have it: a vertical tab, two "=" and, in an address, a backslash and "//..". */
const DEBATED: readonly (readonly [RegExp, string])[] = [
  [/\v/g, " "],
  [/=\s*(?==)/g, ""],
  [/\\/g, "/"],
  [/\/\/+(?=\.\.)/g, "/"],
];

/** Pages of links, of what they are made from today and what they were made from once (PEP 503). */
export const htmlCases = formatOf(
  sound,
  {
    ...textChanges(TOKENS),
    "a link more": (model, random) => {
      model.text = model.text.replace("</body>", `${utf8(anchor(random))}</body>`);
    },
    "an attribute more": (model, random) => {
      const put = random.pick([...ATTRIBUTES, ' href="z/demo-4.0.tar.gz"', ' HREF="z/demo-4.1.tar.gz"']);
      model.text = model.text.replace("<a ", `<a ${put} `);
    },
    "other quotes": (model, random) => {
      const quote = random.pick(["'", "", '"\n', "''"]);
      model.text = model.text.replace(/href="([^"]*)"/, (_all, href: string) => `href=${quote}${href}${quote}`);
    },
    "spaces around =": (model, random) => {
      model.text = model.text.replace("href=", `href${random.pick([" =", "= ", " = ", "\n=\n", "\t=", "\x0c="])}`);
    },
    capitals: (model, random) => {
      const [from, to] = random.pick([
        ["<a href", "<A HREF"],
        ["data-requires-python", "DATA-Requires-Python"],
        ["#sha256", "#SHA256"],
        ["</a>", "</A>"],
        ["<base", "<BASE"],
        ["https:", "HTTPS:"],
      ] as const);
      model.text = model.text.replace(from, to);
    },
    "space in an address": (model, random) => {
      const space = random.pick([" ", "\n", "\t", "\r\n", "\x0c", utf8("\u00a0"), "  "]);
      model.text = model.text.replace(random.pick(['href="', ".tar", "demo-1", ".gz#"]), (found) =>
        random.oneIn(2) ? found + space : space + found,
      );
    },
  },
  ({ text }) => encodeText({ text: DEBATED.reduce((rest, [form, agreed]) => rest.replaceAll(form, agreed), text) }),
);
