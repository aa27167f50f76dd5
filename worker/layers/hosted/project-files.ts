import { IndexError } from "../../errors.ts";
import { HOSTED_SEGMENT, type FileRef } from "../../pypi/file-url.ts";
import type { Context } from "../../repository/context.ts";
import type { ProjectFiles } from "../../repository/repository.ts";
import type { HostedFiles } from "./hosted-files.ts";

/**
 * The files of a project that is hosted, or partly hosted.
 *
 * @param below the files of the sources on the same page; undefined where there are none
 */
export function overlaidFiles(below: ProjectFiles | undefined, files: HostedFiles): ProjectFiles {
  const own = hostedFiles(files);
  if (!below) return own;
  const having = ({ origin }: FileRef) => (origin === HOSTED_SEGMENT ? own : below);
  return {
    source: below.source,
    file: (request, ctx) => having(request.ref).file(request, ctx),
    stored: (ref, ctx) => having(ref).stored(ref, ctx),
    read: (ref, ctx) => having(ref).read(ref, ctx),
    used: (ref, ctx) => having(ref).used(ref, ctx),
    async enqueue(refs, ctx) {
      for (const [group, left] of Map.groupBy(refs, having)) await group.enqueue(left, ctx);
    },
  };
}

/** Hosted files are always stored: their uses are not recorded, and they cannot be fetched from an upstream. */
function hostedFiles(files: HostedFiles): ProjectFiles {
  const find = (ref: FileRef, headOnly: boolean, ctx: Context) =>
    files.get({ ref, headOnly }, ctx).catch((error: unknown) => {
      if (error instanceof IndexError && error.kind === "file-not-found") return null;
      throw error;
    });
  return {
    source: HOSTED_SEGMENT,
    file: (request, ctx) => files.get(request, ctx),
    stored: (ref, ctx) => find(ref, true, ctx),
    read: (ref, ctx) => find(ref, false, ctx),
    used: () => undefined,
    enqueue: ([first]) =>
      first ? Promise.reject(new Error(`${first.filename} is no longer hosted`)) : Promise.resolve(),
  };
}
