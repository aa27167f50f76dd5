import { badRequest } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { isLocalOf } from "../pypi/pep440.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ForksToWatch } from "../repository/ports/notices.ts";
import type { Distribution } from "./distribution.ts";

/** A patch of a fork. */
export interface Patch {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** The upstream's file that the patches were applied to. */
export interface ForkBase {
  readonly version: string;
  readonly filename: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What a fork was made of. */
export interface Fork {
  readonly base: ForkBase;
  /** In the order in which they were applied; `content` is base64. */
  readonly patches: readonly (Patch & { readonly content: string })[];
  readonly reason: string;
}

/** A fork of an index, without the content of its patches. */
export interface ListedFork extends Omit<Fork, "patches"> {
  readonly project: ProjectName;
  /** Normalised, with its local label. */
  readonly version: string;
  readonly patches: readonly Patch[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The author's name in the audit log. */
  readonly by: string;
  /** Whether a file of it is there that is not yanked. */
  readonly isOffered: boolean;
}

/** The ids of the advisories on the base of a fork that is offered, the worst first; none where none are loaded. */
export type AdvisoriesOn = (fork: ListedFork, ctx: Context) => Promise<readonly string[]>;

/** The forks that are recorded. Rejects with `storage-failed`. */
export interface Forks extends ForksToWatch {
  /** Those of an index, by project and version. */
  list(index: string): Promise<readonly ListedFork[]>;
  /** One with its patches; null where there is no such fork. */
  find(index: string, project: ProjectName, version: string): Promise<(ListedFork & Fork) | null>;
  /** How many forks that are offered are out of date, by the indexes that have forks, as the job `watch` last found. */
  outdated(): Promise<readonly { readonly index: string; readonly outdated: number }[]>;
}

/** Throws `bad-request` where a file's version is not that of a fork of the base. */
export function checkFork({ base }: Pick<Fork, "base">, { filename, version }: Distribution): void {
  if (isLocalOf(version, base.version)) return;
  throw badRequest(
    `${filename} has the version ${version}, but a fork of ${base.version} must have that version with a local label, such as ${base.version}+acme.1.`,
  );
}
