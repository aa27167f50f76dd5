import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { CommandError } from "../lib/command-error.ts";
import { whyNot } from "../lib/files.ts";

/** What narrows a lock, as the API takes it. */
export interface LockQuery {
  readonly index?: string | undefined;
  readonly python?: string | undefined;
  readonly platform?: string | undefined;
}

/**
 * A lock file as the API takes it: its bytes, and the query that says its name and what of it is meant.
 *
 * @throws CommandError where it cannot be read
 */
export async function lockRequest(file: string, { index, python, platform }: LockQuery) {
  const body = await readFile(resolve(file)).catch((error: unknown) => {
    throw new CommandError(`${file}: ${whyNot(error)}.`);
  });
  const query = new URLSearchParams({ filename: basename(file) });
  for (const [name, value] of Object.entries({ index, python, platform }))
    if (value !== undefined) query.set(name, value);
  return { query, body: new Uint8Array(body) };
}
