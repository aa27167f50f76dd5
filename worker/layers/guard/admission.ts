import { IndexError } from "../../errors.ts";
import { placeInConfiguration, refusing } from "../../policy/judge.ts";
import type { Policy } from "../../policy/policy.ts";
import { asFilename } from "../../pypi/filename.ts";
import { versionOf } from "../../pypi/version.ts";
import type { RequireAdmitted } from "../../repository/ports/admission.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";
import { currentRules } from "./rules.ts";

/** An index, with its policies and those of the indexes that it stands on. */
interface Judging {
  readonly name: string;
  readonly policies: readonly Policy[];
}

/**
 * Judges files before an index hosts them, by what its guard would say of them afterwards. What can change for a file is left out: whether
 * it is yanked.
 */
export function admissionTo(indexes: readonly Judging[], entriesOf: EntriesOf): RequireAdmitted {
  const rulesOf = new Map(
    indexes.flatMap(({ name, policies }) =>
      policies.length === 0 ? [] : [[name, currentRules(policies, entriesOf)] as const],
    ),
  );
  return async (index, { project, filename, sha256 }, ctx) => {
    const rules = await rulesOf.get(index)?.(ctx);
    if (!rules) return;
    const name = asFilename(filename);
    const version = name && versionOf(name, project);
    const file = { project, filename, version, isHosted: true, uploadedAt: ctx.now, isYanked: false, sha256 };
    const refusal = refusing(rules.judge(file, ctx.now));
    if (!refusal) return;
    const { rule, index: of, writtenIn = placeInConfiguration(rule, of) } = refusal;
    throw new IndexError(
      "unprocessable",
      `${refusal.sentence()} ${writtenIn} No client would be given the file, so ${index} does not take it.`,
    );
  };
}
