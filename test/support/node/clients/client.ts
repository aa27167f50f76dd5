import type { Outcome } from "../../../../cli/demo/process.ts";
import type { Place } from "./place.ts";

/** A real client at work. It knows one index only, and what it keeps lies in its place. */
export interface Client {
  /** Installs a requirement (PEP 508), and what that needs, into the environment of `place`. */
  install(requirement: string, index: string, place: Place): Promise<Outcome>;
  /** Absent: it cannot be told which hashes to insist on. */
  readonly lock?: Lock;
  /** What it says of a project that the index does not have. */
  readonly notFound: RegExp;
}

/** How a client insists on hashes. */
export interface Lock {
  /** The file in the place's folder that has them. */
  readonly file: string;
  /** Writes that file. */
  write(wanted: Pinned, index: string, place: Place): Promise<Outcome>;
  /** Installs what that file says. */
  install(index: string, place: Place): Promise<Outcome>;
  /** What it says of a file with another hash. */
  readonly mismatch: RegExp;
}

/** A requirement with all that it leads to, for clients that lock nothing by themselves. */
export interface Pinned {
  readonly requirement: string;
  readonly files: readonly { readonly project: string; readonly version: string; readonly sha256: string }[];
}

/** Both, one after the other, unless the first fails. */
export async function inTurn(first: Promise<Outcome>, second: () => Promise<Outcome>): Promise<Outcome> {
  const one = await first;
  if (one.code !== 0) return one;
  const two = await second();
  return { code: two.code, output: one.output + two.output, seconds: one.seconds + two.seconds };
}
