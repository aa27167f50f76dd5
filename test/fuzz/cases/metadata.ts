import { formatOf } from "../format.ts";
import type { Random } from "../random.ts";
import { encodeText, textChanges, utf8, type Text } from "./text.ts";

const SOUND = [
  "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n\nWhat it is.\n",
  "Metadata-Version: 2.1\nName: demo\nVersion: 1.0.post1\nSummary: One\nRequires-Python: >=3.9,\n  !=3.12.*\nRequires-Dist: six\n\nName: other\n",
  "Metadata-Version: 1.2\nName: Demo.Name\nVersion: 1.0rc1\nDescription: One\n        Two\n        Name: other\nRequires-Python: ~=3.8\n",
  "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nAuthor: Zoë Ünal\nClassifier: A :: B\n\n",
];

const FIELDS = ["Metadata-Version: 2.1", "Name: other", "Version: 9.9", "Requires-Python: >=2", "Summary: x"];

const TOKENS = [
  ...FIELDS.map((field) => `${field}\n`),
  ...FIELDS.map((field) => `\n${field}`),
  "From x@y Sat\n",
  ">From x\n",
  "From : x\n",
  "From",
  "From \n",
  ": x\n",
  ":x: y\n",
  " : x\n",
  "\n",
  "\n\n",

  " ",
  "\t",
  " \n",
  "\t\n",
  "\n ",
  "\n\t",
  "\n \n",
  "\r",
  "\r\n",
  "\r\n ",
  "\r ",
  "\0",
  "\x0b",
  "\x0c",
  "\x1c",
  "\x1f",
  "\x7f",

  "\u0085",
  "\u00a0",
  "\u2028",
  "\u3000",
  "\ufeff",
  "é",
  "\u212a",
  "\u0130",
  ":",
  "::",
  ",",
  ";",
  "#",
  "=?utf-8?q?1.0?=",
  "=?utf-8?b?MS4w?=",

  "NAME: other\n",
  "name : other\n",
  "Name\t: other\n",
  "Name:\n other\n",
  "Name: \n",
  "-- \n",
  "--x\n",
  "Content-Type: multipart/mixed; boundary=x\n",

  "Content-Type: message/rfc822\n",
  "Content-Type: text/plain; charset=utf-16\n",
  "Content-Transfer-Encoding: base64\n",
  "MIME-Version: 1.0\n",
  '"',
  "'",
  "\\",
  "(",
  "<",
  "UNKNOWN",
  "0",
  "1.0.0",
  "v",
  "==",
  "===",
  "*",
  ".*",
  "|",
  "- ",
];

const sound = (random: Random): Text => ({ text: utf8(random.pick(SOUND)) });

const HEAD = /^[^\n]*\n/;

/** METADATA, and an sdist's PKG-INFO. */
export const metadataCases = formatOf(
  sound,
  {
    ...textChanges(TOKENS),
    "a value folded": (model, random) => {
      const fold = random.pick(["\n ", "\n\t", "\r\n ", "\r ", "\n  ", "\n \n "]);
      model.text = model.text.replace(random.pick([": ", ">=", ",", "1"]), (found) => found + fold);
    },
    "a field's name otherwise": (model, random) => {
      const [from, to] = random.pick([
        ["Name", "NAME"],
        ["Name:", "Name :"],
        ["Name:", " Name:"],
        ["Version", "version"],
        ["Requires-Python", "Requires_Python"],
        ["Name: ", "Name:"],
        ["Name: ", "Name:\t \t"],
      ] as const);
      model.text = model.text.replace(from, to);
    },
    "a line before all": (model, random) => {
      model.text = random.pick(TOKENS.map(utf8)) + model.text;
    },
    "the first line last": (model) => {
      const [first = ""] = HEAD.exec(model.text) ?? [];
      model.text = model.text.slice(first.length) + first;
    },
  },
  encodeText,
);
