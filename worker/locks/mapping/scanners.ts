import type { LockFormat } from "../formats/formats.ts";
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

/** Finds the URLs in a file of this format. */
export const scannerFor = ({ syntax }: Pick<LockFormat, "syntax">): Scanner => SCANNERS[syntax];
