import { projectOf } from "../auth/policy-entry-rules.ts";
import { IndexError } from "../errors.ts";
import { isHashRule, versionIn, type FileRule } from "../pypi/file-rule.ts";
import type { Context } from "../repository/context.ts";
import type { Explain } from "../repository/explanation.ts";

/**
 * Checks that an exemption which names no advisory lifts something: malware is let through in no such way. Returns a
 * sentence where that cannot be found out, since an exemption must also be made while an upstream or a store fails.
 *
 * @param index the index that it is for, whose own rules alone it lifts
 * @throws IndexError `unprocessable` where malware refuses each file that it is for, and nothing else does
 */
export async function checkEffect(
  rule: FileRule,
  { index, explain }: { readonly index: string; readonly explain: Explain },
  ctx: Context,
): Promise<string | undefined> {
  const name = projectOf(rule);
  if (name === undefined || isHashRule(rule)) return undefined;
  const files = await explain(name, versionIn(rule), { ...ctx, isDemand: false }).catch((error: unknown) => {
    if (!(error instanceof IndexError)) throw error;
    return error;
  });
  if (files instanceof IndexError) {
    return `What refuses ${rule.text} could not be found out. Where it is malware, the exemption has no effect: one from malware names the advisory.`;
  }
  if (!files || files.length === 0) return undefined;
  const advisories = new Set<string>();
  for (const { rules } of files) {
    const own = rules.filter((each) => each.index === index && each.mode !== "audit" && !each.exempted);
    const malware = own.flatMap((each) => (each.rule === "malware" ? (each.advisory?.id ?? []) : []));
    if (malware.length === 0 || malware.length < own.length) return undefined;
    for (const id of malware) advisories.add(id);
  }
  const named = [...advisories].toSorted().join(", ");
  throw new IndexError(
    "unprocessable",
    `${rule.text} is malware by what is known, which is let through only by an exemption for each advisory. Name it, with --advisory or, in a request, advisory: ${named}.`,
  );
}
