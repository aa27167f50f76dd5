import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { IndexError } from "../../worker/errors.ts";
import { checkAnnouncement } from "../../worker/publishing/announcement.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import type { StagedFile } from "../../worker/publishing/staged-file.ts";
import { resolveRange } from "../../worker/repository/range.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import type { FileToSend } from "../upload/send.ts";
import type { TargetIndex } from "./target.ts";
import { inTurns, type Migrated, type Progress } from "./migrate-all.ts";
import type { SourceFile } from "./source.ts";

/** The means of a dry run. */
export interface Trial {
  readonly target: TargetIndex;
  readonly index: string;
  /** Whether the files are on this disk: they are then read and inspected, as the server will. */
  readonly isLocal: boolean;
  /** Called after each file. */
  readonly show: (done: number, of: number, filename: string) => void;
}

/** Says what a migration would do with each file. Nothing is sent. */
export async function tryAll(files: readonly SourceFile[], { target, index, isLocal, show }: Trial): Promise<Progress> {
  let done = 0;
  /** The digests of files that would be published, by name. */
  const first = new Map<string, string>();

  async function outcomeOf(source: SourceFile): Promise<Migrated> {
    const { filename, from, size = 0 } = source;
    const refused = (reason: string): Migrated => ({ filename, from, outcome: "refused", reason });
    const would = (outcome: "identical" | "would-publish"): Migrated => ({
      filename,
      from,
      outcome,
      sent: outcome === "identical" ? 0 : size,
    });
    try {
      checkAnnouncement({ index, filename, size: Math.max(size, 1), sha256: "" }, Infinity);
      const sha256 = isLocal ? await source.onDisk(digestOf) : source.sha256;
      const before = await target.find(filename);
      if (before && !before.isDeleted && before.sha256 === sha256) return would("identical");
      if (before)
        return refused(`${index} ${before.isDeleted ? "had it, and it was deleted" : "has it with other bytes"}.`);
      const other = first.get(filename);
      if (other !== undefined && other === sha256) return would("identical");
      if (other !== undefined && sha256 !== undefined)
        return refused("Another file of this name, with other bytes, comes before it.");
      if (isLocal) await source.onDisk(async (file) => inspect(filename, await stagedAt(file)));
      if (sha256 !== undefined) first.set(filename, sha256);
      return would("would-publish");
    } catch (error) {
      if (error instanceof IndexError) return refused(error.message);
      if (!isFileError(error)) throw error;
      return { filename, from, outcome: "failed", reason: `${fileErrorText(error)}.` };
    }
  }

  return inTurns(files, outcomeOf, ({ filename }) => show(++done, files.length, filename));
}

const isFileError = (error: unknown) => error instanceof Error && "syscall" in error;

/** SHA-256 in lower-case hex. */
async function digestOf({ path }: FileToSend): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** A file on this disk as an upload that has arrived. Its digests are not looked at by an inspection. */
async function stagedAt({ path, size }: FileToSend): Promise<StagedFile> {
  const blob = await openAsBlob(path);
  return {
    size,
    digests: { sha256: "", md5: "" },
    async read(range) {
      const part = resolveRange(range, size);
      const { offset, length } = part === "unsatisfiable" ? { offset: 0, length: 0 } : part;
      return { bytes: await blob.slice(offset, offset + length).bytes(), offset, size };
    },
    stream: async () => blob.stream(),
    discard: async () => undefined,
  };
}
