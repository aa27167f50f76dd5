import { readFileSync } from "node:fs";
import { parse, TomlError, type TomlTable, type TomlValue } from "smol-toml";
import { ADMIN_TOKEN_SECRETS } from "../../schema/admin-tokens.ts";
import { VARIABLES } from "../../schema/config.ts";
import { IndexError } from "../../worker/errors.ts";
import { decodeText } from "../../worker/locks/formats/text.ts";
import { CommandError } from "./command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

const SECRET =
  "is a secret, which must not be in this file; give it to pypi-edge serve with --admin-token T, or to pypi-edge deploy in its environment";

/** A file of TOML. Throws a `CommandError`, whose message begins with `title`, where it cannot be read. */
export function tomlOf(file: string, title: string): TomlTable {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new CommandError(`${title}: ${fileErrorText(error)}.`);
  }
  return parsedToml(bytes, title);
}

/** A file's bytes as TOML. Throws a `CommandError`, whose message begins with `title`, where they are none. */
export function parsedToml(bytes: Uint8Array, title: string): TomlTable {
  try {
    return parse(decodeText(title, bytes).text);
  } catch (error) {
    if (error instanceof IndexError) throw new CommandError(error.message);
    if (error instanceof TomlError) throw new CommandError(`${title}: ${error.message.trimEnd()}`);
    throw error;
  }
}

/** The `[vars]` of a file like wrangler.toml. Throws a `CommandError`, whose message begins with `title`, where one of them is unknown. */
export function varsOf({ vars, ...others }: TomlTable, title: string): Readonly<Record<string, TomlValue>> {
  const known = VARIABLES.join(", ");
  if (typeof vars !== "object") throw new CommandError(`${title}: has no [vars]; known in it are ${known}.`);
  if (Array.isArray(vars)) throw new CommandError(`${title}: write [vars], with one bracket on each side.`);
  const problems = [
    ...ADMIN_TOKEN_SECRETS.filter((key) => key in others).map((key) => `${key}: ${SECRET}`),
    ...VARIABLES.filter((key) => key in others).map((key) => `${key}: belongs below vars, as vars.${key}`),
    ...Object.keys(vars)
      .filter((key) => !VARIABLES.includes(key))
      .map(
        (key) =>
          `vars.${key}: ${ADMIN_TOKEN_SECRETS.some((name) => name === key) ? SECRET : `is not known; known are ${known}`}`,
      ),
  ];
  if (problems.length > 0) throw new CommandError(`${title}: ${problems.join("; ")}.`);
  return vars as TomlTable;
}

/** The names of the secrets that upstreams and receivers in `variables` name; whatever else is wrong with them is left to `parseConfig`. */
export const credentialNames = (variables: Readonly<Record<string, unknown>>): string[] => {
  const upstreams = Object.values((variables["UPSTREAMS"] ?? {}) as Record<string, Naming | null>);
  const receivers = Array.isArray(variables["NOTIFY"]) ? (variables["NOTIFY"] as readonly (Naming | null)[]) : [];
  const named = [...upstreams.map((each) => each?.credentials), ...receivers.map((each) => each?.secret)];
  return named.filter((name) => typeof name === "string");
};

interface Naming {
  readonly credentials?: unknown;
  readonly secret?: unknown;
}
