import { jsonTokens } from "./json.ts";
import { requirementsTokens } from "./requirements.ts";
import { tomlTokens } from "./toml.ts";
import type { Scanner } from "./url-token.ts";

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
