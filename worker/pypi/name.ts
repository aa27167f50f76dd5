import { badRequest } from "../errors.ts";

declare const brand: unique symbol;

/** A project's name, valid (PEP 508) and normalised (PEP 503). Only `parseProjectName` and `asProjectName` create one. */
export type ProjectName = string & { readonly [brand]: "ProjectName" };

const VALID = /^(?:[a-z0-9]|[a-z0-9][a-z0-9._-]*[a-z0-9])$/i;

/** Longer than any name on PyPI, and short enough for the keys of every store. */
const MAX_LENGTH = 200;

/** The normalised name, or undefined where `raw` is not a project name (PEP 508's grammar, at most 200 characters). */
export function asProjectName(raw: string): ProjectName | undefined {
  if (raw.length > MAX_LENGTH || !VALID.test(raw)) return undefined;
  return raw.replace(/[-_.]+/g, "-").toLowerCase() as ProjectName;
}

/** Like `asProjectName`, for a name that a client sent: throws `bad-request` with a sentence that shows what is wrong. */
export function parseProjectName(raw: string): ProjectName {
  const name = asProjectName(raw);
  if (name !== undefined) return name;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 80))} is not a project name: letters, digits, ".", "-" and "_" only, beginning and ending with a letter or digit, at most ${MAX_LENGTH} characters (PEP 508).`,
  );
}
