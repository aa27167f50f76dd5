import { formatOf, type LockFormat } from "../formats/formats.ts";
import { jsonTokens } from "./json.ts";
import { requirementsTokens } from "./requirements.ts";
import { tomlTokens } from "./toml.ts";
import { yamlTokens } from "./yaml.ts";
import type { Scanner } from "./url-token.ts";

const SCANNERS: Readonly<Record<LockFormat["syntax"], Scanner>> = {
  toml: tomlTokens,
  json: jsonTokens,
  yaml: yamlTokens,
  requirements: requirementsTokens,
};

/** Finds the URLs in a file of this name (its last segment); undefined where it is of no known format. */
export function scannerFor(name: string): Scanner | undefined {
  const format = formatOf(name);
  return format && SCANNERS[format.syntax];
}
