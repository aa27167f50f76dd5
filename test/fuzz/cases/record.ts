import { formatOf } from "../format.ts";
import type { Random } from "../random.ts";
import { encodeText, textChanges, utf8, type Text } from "./text.ts";

/** RECORD's own path in each case. */
export const RECORD = "demo-1.0.dist-info/RECORD";

const PATHS = [
  "demo/__init__.py",
  "demo/a b.py",
  "demo/a,b.py",
  'demo/a"b.py',
  "demo/é.py",
  "demo/\u2028.py",
  "demo/\u0085x.py",
  "demo/'.py",
  "demo/=1.py",
];
const HASH = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

interface Model extends Text {
  /** The paths of the wheel's members. */
  readonly paths: readonly string[];
}

function sound(random: Random): Model {
  const paths = [...new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(PATHS))), RECORD];
  const style = random.below(3);
  const field = (text: string) => (style === 0 || /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = paths.map((path) =>
    (path === RECORD ? [path, "", ""] : [path, `sha256=${HASH}`, "0"]).map(field).join(","),
  );
  const end = style === 1 ? "\r\n" : "\n";
  return { paths, text: utf8(lines.map((line) => line + end).join("")) };
}

const TOKENS = [
  '"',
  '""',
  '"""',
  ",",
  ",,",
  ",,,",
  "'",
  " ",
  "\t",
  ' "',
  '" ',
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "\0",
  "\\",
  "=",
  "==",
  "-",
  "_",
  "+",

  "\x0b",
  "\x0c",
  "\x1c",
  "\x1d",
  "\x1e",
  "\u0085",
  "\u2028",
  "\u2029",
  "\ufeff",
  "é",
  "0",
  "00",
  "1",
  "#",
  ";",
  "|",

  "sha256=",
  "SHA256=",
  "sha512=",
  "md5=x",
  "sha1=x",
  `sha256=${HASH}`,
  `${PATHS[0]},sha256=${HASH},0\n`,
  `"${PATHS[0]}",,\n`,
];

/**
 * RECORD as a wheel of some members has it. Before it stands a line with the paths of those members, as JSON.
 */
export const recordCases = formatOf<Model>(
  sound,
  {
    ...textChanges(TOKENS),
    "a field quoted": (model, random) => {
      const fields = model.text.split(/(?<=[,\n])/);
      const at = random.below(fields.length);
      fields[at] = (fields[at] ?? "").replace(/^([^,\r\n]*)/, (field) => `"${field}"`);
      model.text = fields.join("");
    },
    "a hash padded": (model, random) => {
      model.text = model.text.replace(HASH, HASH + random.pick(["=", "==", "=,", " ", "\t"]));
    },
    "a path spelled otherwise": (model, random) => {
      const [from, to] = random.pick([
        ["demo/", "./demo/"],
        ["demo/", "demo//"],
        ["demo/", "Demo/"],
        ["demo/", "demo\\"],
        ["demo/", "/demo/"],
        ["demo/", "x/../demo/"],
      ] as const);
      model.text = model.text.replace(from, to);
    },
  },
  (model) => Buffer.concat([Buffer.from(`${JSON.stringify(model.paths)}\n`), encodeText(model)]),
);
