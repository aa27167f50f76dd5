import { badRequest } from "../errors.ts";

declare const brand: unique symbol;

/** A project's name, valid (PEP 508) and normalised (PEP 503). Made by `parseProjectName` and `asProjectName` alone. */
export type ProjectName = string & { readonly [brand]: "ProjectName" };

const VALID = /^(?:[a-z0-9]|[a-z0-9][a-z0-9._-]*[a-z0-9])$/i;

/** Longer than any name PyPI ever accepted, and short enough for every store's key. */
const MAX_LENGTH = 200;

/** The normalised name, or undefined where `raw` is no project name (PEP 508's grammar, at most 200 characters). */
export function asProjectName(raw: string): ProjectName | undefined {
  if (raw.length > MAX_LENGTH || !VALID.test(raw)) return undefined;
  return raw.replace(/[-_.]+/g, "-").toLowerCase() as ProjectName;
}

/** As `asProjectName`, for what a client sent: throws `bad-request` with a sentence that shows what was wrong. */
export function parseProjectName(raw: string): ProjectName {
  const name = asProjectName(raw);
  if (name !== undefined) return name;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 80))} is not a project name: letters, digits, ".", "-" and "_" only, beginning and ending with a letter or digit, at most ${MAX_LENGTH} characters (PEP 508).`,
  );
}
