import type { Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { isYanked } from "../pypi/page.ts";
import { versionOf } from "../pypi/version.ts";
import type { Context } from "../repository/context.ts";
import type { Publishers } from "../repository/ports/publishers.ts";
import type { Repository } from "../repository/repository.ts";
import type { Authorize } from "./access.ts";
import { showsCredential } from "./claimant.ts";
import type { AppEnv } from "./context.ts";

/** A hosted project in a list. */
export interface HostedProjectRow {
  readonly project: ProjectName;
  /** Of the file that was uploaded last, as its name has it. */
  readonly version: string;
  /** Whether that file is yanked. */
  readonly yanked: boolean;
  readonly files: number;
  /** Of all its files. */
  readonly bytes: number;
  /** When its last file was uploaded. Milliseconds since the epoch. */
  readonly uploadedAt: number;
}

/** What an index lists of hosted projects, the last uploaded first. A name that has no file is left out. */
export async function hostedProjectRows(repository: Repository, ctx: Context): Promise<HostedProjectRow[]> {
  const rows = new Map<ProjectName, HostedProjectRow>();
  for (const { project, entry } of (await repository.hostedFiles("all", ctx)) ?? []) {
    const before = rows.get(project);
    const uploadedAt = Date.parse(entry["upload-time"] ?? "") || 0;
    const isLast = !before || uploadedAt >= before.uploadedAt;
    rows.set(project, {
      project,
      version: isLast ? (versionOf(entry.filename, project) ?? "") : before.version,
      yanked: isLast ? isYanked(entry) : before.yanked,
      files: (before?.files ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + (entry.size ?? 0),
      uploadedAt: isLast ? uploadedAt : before.uploadedAt,
    });
  }
  return [...rows.values()].toSorted(
    (one, other) => other.uploadedAt - one.uploadedAt || (one.project < other.project ? -1 : 1),
  );
}

/** What `publishersFor` needs of an index. */
export interface PublishedIndex {
  readonly name: string;
  /** The indexes whose hosted packages it contains. */
  readonly overlays: readonly { readonly index: string }[];
}

/**
 * Who uploaded last to these projects: for readers who have shown a token of the index, since a token's name may be a person's. None
 * for others, and where the log cannot be read: the page is useful without.
 */
export async function publishersFor(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
  { name, overlays }: PublishedIndex,
  read: (indexes: readonly string[]) => ReturnType<Publishers["last" | "ofFiles"]>,
): Promise<ReadonlyMap<string, string>> {
  const none = new Map<string, string>();
  if (overlays.length === 0 || !showsCredential(c)) return none;
  try {
    await authorize(c, { scope: "read", index: name });
    return await read(overlays.map(({ index }) => index));
  } catch (error) {
    if (error instanceof IndexError) return none;
    throw error;
  }
}
