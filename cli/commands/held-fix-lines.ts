import type * as z from "zod/mini";
import { fixSentence, type heldFix } from "../../schema/held-fix.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { minuteFrom } from "../../worker/pypi/minute.ts";

/** A line for each version that is held and mends what clients are given instead of it. */
export const heldFixLines = (fixes: readonly z.infer<typeof heldFix>[]): string[] =>
  fixes.map((fix) => {
    const { project, version, until } = fix;
    const held = until === undefined ? "is held" : `is held until ${minuteFrom(Date.parse(until))} UTC`;
    return escaped(`${project} ${version} ${held}. ${fixSentence(fix)}`);
  });
