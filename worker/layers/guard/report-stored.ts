import { DAY } from "../../duration.ts";
import type { Finding } from "../../policy/policy.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import type { Context } from "../../repository/context.ts";
import type { Marks } from "../../repository/ports/freshness.ts";

/** Reports a refused file that is stored: once a day and isolate, since clients ask again. */
export function reportStored(reported: Marks, ref: FileRef, { rule, sentence }: Finding, ctx: Context): void {
  const label = fileLabel({ ...ref, part: "file" });
  if (reported.get(label, ctx.now)) return;
  reported.set(label, true, 0, ctx.now + DAY);
  ctx.report({ event: "stored-file-blocked", what: label, reason: `${rule}: ${sentence()}` });
}
