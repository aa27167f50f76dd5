import type { Context as HonoContext } from "hono";
import type { Scope } from "../../schema/token.ts";
import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { isSameVersion } from "../pypi/pep440.ts";
import type { ReleaseStore } from "../publishing/releases/ports.ts";
import { byVersion } from "../publishing/releases/select-files.ts";
import type { Authorize } from "./access.ts";
import type { AppEnv } from "./context.ts";

/** A hosted project as those see it who may change it. */
export interface ManagedProject {
  /** Whether they may do more than yank. */
  readonly isAdmin: boolean;
  readonly status: string;
  readonly statusReason: string;
  /** The release that is shown, else the newest; undefined where all were deleted. */
  readonly release:
    | { readonly version: string; readonly yankedFiles: number; readonly files: number; readonly reason: string }
    | undefined;
  /** Releases with files that were deleted and can be restored, newest first. */
  readonly restorable: readonly { readonly version: string; readonly files: number }[];
}

/** What is read of hosted releases. */
export type ManagedReleases = Pick<ReleaseStore, "read">;

/**
 * What the sender may change of a project; undefined where that is nothing, where the index does not host it, and where it cannot be
 * read: the page is useful without.
 *
 * @param version of the release that is shown
 */
export async function managedProject(
  c: Pick<HonoContext<AppEnv>, "req" | "get">,
  authorize: Authorize,
  releases: ManagedReleases,
  index: string,
  project: ProjectName,
  version: string | undefined,
): Promise<ManagedProject | undefined> {
  const may = (scope: Scope) =>
    authorize(c, { scope, index, project }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof IndexError) return false;
        throw error;
      },
    );
  if (!(await may("yank"))) return undefined;
  const hosted = await releases.read(index, project).catch((error: unknown) => {
    if (error instanceof IndexError) return null;
    throw error;
  });
  if (!hosted) return undefined;
  const versions = byVersion(hosted.files).toReversed();
  const there = versions.flatMap(([each, all]) => {
    const files = all.filter(({ deletedAt }) => deletedAt === null);
    return files.length === 0 ? [] : [{ version: each, files }];
  });
  const chosen = there.find((each) => version !== undefined && isSameVersion(each.version, version)) ?? there[0];
  const yanked = chosen?.files.filter((file) => file.yanked !== null) ?? [];
  return {
    isAdmin: await may("admin"),
    status: hosted.status?.status ?? "active",
    statusReason: hosted.status?.reason ?? "",
    release: chosen && {
      version: chosen.version,
      files: chosen.files.length,
      yankedFiles: yanked.length,
      reason: yanked[0]?.yanked ?? "",
    },
    restorable: versions.flatMap(([each, all]) => {
      const files = all.filter(({ trashed }) => trashed !== null).length;
      return files === 0 ? [] : [{ version: each, files }];
    }),
  };
}
