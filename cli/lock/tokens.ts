import { jsonTokens } from "./json.ts";
import { requirementsTokens } from "./requirements.ts";
import { tomlTokens } from "./toml.ts";

/** A URL in a file's text, found by the format's quoting alone. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly url: string;
  /** The index, URL or path, that the file names for the package which this URL is part of; undefined where it names none. */
  readonly index?: string | undefined;
}

/** Finds the URLs of a text in their order. Comments that a person wrote are passed over, those of the tools are not. */
export type Scanner = (text: string) => Token[];

const KINDS: readonly (readonly [RegExp, Scanner])[] = [
  // uv names the lock of a script after it.
  [/^(?:uv|.+\.py|poetry|pdm(?:\..+)?)\.lock$/, tomlTokens],
  // PEP 751: other names than the default carry an identifier without dots.
  [/^pylock\.(?:[^.]+\.)?toml$/, tomlTokens],
  [/^Pipfile\.lock$/, jsonTokens],
  [/\.(?:txt|in)$/, requirementsTokens],
];

/** How to read the file of that name (its last segment); undefined where it is of no kind that has our URLs. */
export function scannerFor(name: string): Scanner | undefined {
  return KINDS.find(([pattern]) => pattern.test(name))?.[1];
}

export const isUrl = (text: string) => /^https?:\/\//i.test(text);
