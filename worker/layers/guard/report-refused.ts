import { DAY } from "../../duration.ts";
import type { Finding } from "../../policy/policy.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../../repository/context.ts";
import type { Marks } from "../../repository/ports/freshness.ts";

/** A file that is refused for good, and why. */
interface BlockedFile extends Pick<Finding, "rule" | "index" | "sentence"> {
  readonly project: ProjectName;
  readonly filename: string;
  readonly isStored: boolean;
}

/** What is done with files that clients asked for and that are refused. */
export interface RefusalReports {
  /** Files of which it was reported that they are refused. */
  readonly reported: Marks;
  /** Takes a file that is refused for good; undefined: no one is told. */
  readonly tellRefused?: ((blocked: BlockedFile, ctx: Context) => void) | undefined;
}

/** Reports a refused file, to the log where it is stored: once a day and isolate, since clients ask again. */
export function reportRefused(
  { reported, tellRefused }: RefusalReports,
  { project, ref, isStored }: { readonly project: ProjectName; readonly ref: FileRef; readonly isStored: boolean },
  { rule, index, sentence, until }: Finding,
  ctx: Context,
): void {
  // What time alone will admit was asked for or stored too early, and has not become refused.
  if (until !== undefined || !(isStored || tellRefused)) return;
  const label = fileLabel({ ...ref, part: "file" });
  const mark = isStored ? label : `${label} not stored`;
  if (reported.get(mark, ctx.now)) return;
  reported.set(mark, true, 0, ctx.now + DAY);
  if (isStored) ctx.report({ event: "stored-file-blocked", what: label, reason: `${rule}: ${sentence()}` });
  tellRefused?.({ project, filename: ref.filename, rule, index, sentence, isStored }, ctx);
}
