import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

/** The options that narrow a lock, with their names in the API. */
export interface LockQuery {
  readonly index?: string | undefined;
  readonly python?: string | undefined;
  readonly platform?: string | undefined;
}

/**
 * A lock file for a request to the API: its bytes, and the query with its name and the narrowing options.
 *
 * @throws CommandError where it cannot be read
 */
export async function lockRequest(file: string, { index, python, platform }: LockQuery) {
  const body = await readFile(resolve(file)).catch((error: unknown) => {
    throw new CommandError(`${file}: ${fileErrorText(error)}.`);
  });
  const query = new URLSearchParams({ filename: basename(file) });
  for (const [name, value] of Object.entries({ index, python, platform }))
    if (value !== undefined) query.set(name, value);
  return { query, body: new Uint8Array(body) };
}
