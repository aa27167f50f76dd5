/** pip's option parser (optparse) also accepts these names abbreviated. */
const INDEX = ["--index-url", "--pypi-url"];
const EXTRA = "--extra-index-url";
const NONE = "--no-index";

/** A long option, with its value after `=`, or before the value as the next word. */
const VALUED = /^(--[a-z-]+)(?:=(.*))?$/;

/**
 * The indexes in a requirements file's options: the last `--index-url` and every `--extra-index-url`. As in pip, `--no-index`
 * overrides them: the result is then `--no-index` alone, which is no index of ours, so that no package is taken from here.
 *
 * @param lines lines that begin with an option, with single spaces
 */
export function indexOptions(lines: readonly string[]): readonly string[] {
  let index: string | undefined;
  const extra = new Set<string>();
  for (const line of lines) {
    const words = line.split(" ").map(unquoted);
    for (const [at, word] of words.entries()) {
      if (word.length > "--n".length && NONE.startsWith(word)) return [NONE];
      const [option, value] = optionIn(word, words[at + 1]);
      if (!value) continue;
      if (option === "index") index = value;
      else if (option === "extra") extra.add(value);
    }
  }
  return index === undefined ? [...extra] : [index, ...extra];
}

/** Which option a word is, and its value, which may be the next word. */
function optionIn(
  word: string,
  next: string | undefined,
): readonly ["index" | "extra" | undefined, string | undefined] {
  if (word.startsWith("-i")) return ["index", unquoted(word.slice("-i".length).replace(/^=/, "")) || next];
  const [, name = "", value = next] = VALUED.exec(word) ?? [];
  if (name.length <= "--".length) return [undefined, value];
  if (INDEX.some((each) => each.startsWith(name))) return ["index", unquoted(value ?? "")];
  return [EXTRA.startsWith(name) ? "extra" : undefined, unquoted(value ?? "")];
}

/** Without quotes around the whole word, as a shell would remove them. */
const unquoted = (word: string) => /^(["'])(.*)\1$/.exec(word)?.[2] ?? word;
