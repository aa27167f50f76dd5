import { IndexError } from "../../errors.ts";
import { HOSTED, type FileRef } from "../../pypi/file-url.ts";
import type { HostedFiles } from "./files.ts";
import type { Shelf } from "../repository.ts";

/**
 * Where the files on a page with hosted files are kept.
 *
 * @param below where those on it are kept that are not hosted; undefined where there are none
 */
export function shelfOver(below: Shelf | undefined, files: HostedFiles): Shelf {
  const own = hostedShelf(files);
  if (!below) return own;
  const having = ({ origin }: FileRef) => (origin === HOSTED ? own : below);
  return {
    key: below.key,
    repository: { file: (request, ctx) => having(request.ref).repository.file(request, ctx) },
    files: {
      get: (ref, range) => having(ref).files.get(ref, range),
      head: (ref) => having(ref).files.head(ref),
    },
    uses: { used: (ref, ctx) => having(ref).uses.used(ref, ctx) },
    fills: {
      async sendAll(refs) {
        for (const [shelf, left] of Map.groupBy(refs, having)) await shelf.fills.sendAll(left);
      },
    },
  };
}

/** What is hosted is stored: it has no use to be noted, and cannot be fetched. */
function hostedShelf(files: HostedFiles): Shelf {
  const find = (ref: FileRef, headOnly: boolean) =>
    files.get({ ref, headOnly }).catch((error: unknown) => {
      if (error instanceof IndexError && error.kind === "file-not-found") return null;
      throw error;
    });
  return {
    key: HOSTED,
    repository: { file: (request) => files.get(request) },
    files: { get: (ref) => find(ref, false), head: (ref) => find(ref, true) },
    uses: { used: () => undefined },
    fills: {
      sendAll: ([first]) =>
        first ? Promise.reject(new Error(`${first.filename} is no longer hosted`)) : Promise.resolve(),
    },
  };
}
