import { IndexError } from "../../errors.ts";
import { FORMATS, formatOf, LOCK_FILES, type LockFormat } from "./formats.ts";
import type { LockText } from "./text.ts";

/** The longest path that is taken for one. Characters. */
const MAX_PATH = 300;

/** What a lock file in TOML has, however little is in it. */
const IN_TOML = /^\[\[[ \t]*packages?[ \t]*\]\]|^(?:version|lock[-_]version|packages)[ \t]*=/m;

/** What a text in one line has where its line ends were taken away: two values, a continuation, two pins. */
const OF_SEVERAL_LINES: Readonly<Record<LockFormat["syntax"], RegExp | undefined>> = {
  toml: /=[^=]*=/,
  // JSON needs no line ends.
  json: undefined,
  yaml: /:[^:]*:/,
  requirements: /\\[ \t]|^#.*==|^[^;#]*[^;#=]==[^;#=]+==/,
};

/**
 * The format of a file by its name (the last segment).
 *
 * @param bytes of the file, which need not be a text
 * @throws `unprocessable` where the name is none of a lock file, with the name that fits its text
 */
export function formatFor(name: string, bytes: Uint8Array): LockFormat {
  const format = formatOf(name);
  if (format) return format;
  const fitting = namesFor(new TextDecoder().decode(bytes));
  throw new IndexError(
    "unprocessable",
    `${JSON.stringify(name)} is not a lock file's name: it must be ${LOCK_FILES}.${fitting === "" ? "" : ` Its text is that of a file that is called ${fitting}: give it that name.`}`,
  );
}

/**
 * Tells a text that is evidently not of the format that its name stands for: the name itself, a text without its line ends, and one of
 * another format.
 *
 * @throws `unprocessable` with a sentence that says what the text is and what to do
 */
export function assertNamedRight(format: LockFormat, { name, text }: LockText): void {
  if (text.length < MAX_PATH && /^[^\s-]\S*\s*$/.test(text) && text.trimEnd().endsWith(name)) {
    throw new IndexError(
      "unprocessable",
      `${name} was not sent, but its name. If curl sent it: an @ stands before a file's name, as in --data-binary @${name}.`,
    );
  }
  assertLineEnds(format, { name, text });
  if (format.sign.test(text)) return;
  const fitting = namesFor(text);
  if (fitting !== "") {
    throw new IndexError(
      "unprocessable",
      `${name} has the text of a file that is called ${fitting}. The name tells the format: give the file that name.`,
    );
  }
}

/** What a file of this text may be called; empty where nothing tells that. */
const namesFor = (text: string) =>
  LIST.format(new Set(FORMATS.flatMap(({ sign, example, called }) => (sign.test(text) ? [example ?? called] : []))));

/**
 * The same for a text that is not parsed, only searched for URLs: one of another syntax is refused too, such as a page of a proxy, an
 * error's text, or nothing.
 *
 * @throws `unprocessable`
 */
export function assertSearchable(format: LockFormat, file: LockText): void {
  const sign = format.syntax === "toml" ? IN_TOML : format.sign;
  if (sign.test(file.text)) return assertLineEnds(format, file);
  assertNamedRight(format, file);
  // Requirements need not be pinned to have URLs.
  if (format.syntax === "requirements") return;
  throw new IndexError(
    "unprocessable",
    `${file.name} is no lock file: it has neither a package nor the version of a format. Make it again with its tool.`,
  );
}

function assertLineEnds({ syntax }: LockFormat, { name, text }: LockText): void {
  if (/[\r\n]/.test(text.trim()) || !OF_SEVERAL_LINES[syntax]?.test(text)) return;
  throw new IndexError(
    "unprocessable",
    `${name} has lost its line ends. If curl sent it: --data-binary keeps them, -d does not.`,
  );
}

const LIST = new Intl.ListFormat("en", { type: "disjunction" });
