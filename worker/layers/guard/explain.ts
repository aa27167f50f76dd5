import { IndexError } from "../../errors.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import { refusing, warning } from "../../policy/judge.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Explain } from "../../repository/explanation.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";
import type { Repository } from "../../repository/repository.ts";
import { judgedEntry } from "./judged.ts";
import { judgedPage } from "./judged-page.ts";
import { currentRules } from "./rules.ts";

/**
 * Explains the verdicts of an index's policies. It reads what the layers below the guard have, so it tells of files that
 * the index refuses; of their bytes it gives nothing.
 *
 * @throws IndexError `project-blocked` where a rule refuses the whole project, and what the layers below throw
 */
export function explainBy(
  policies: readonly Policy[],
  entriesOf: EntriesOf,
  below: Pick<Repository, "project">,
): Explain {
  const rulesNow = currentRules(policies, entriesOf);
  return async (name, version, ctx) => {
    const { judge, refusedProject } = await rulesNow(ctx);
    // No upstream is asked for such a name.
    const refusal = refusedProject(name, ctx.now);
    if (refusal) throw new IndexError("project-blocked", refusal.sentence());
    const project = await below.project(name, ctx);
    if (!project) return null;
    const wanted = version === undefined ? undefined : canonicalVersion(version);
    const model = await project.page.model();
    const page = judgedPage(model);
    return model.files.flatMap((entry) => {
      const file = judgedEntry({ project: name, entry, source: project.files.source }, page);
      if (wanted !== undefined && canonicalVersion(file.version ?? "") !== wanted) return [];
      const findings = judge(file, ctx.now);
      const verdict = refusing(findings) ? "refused" : warning(findings) ? "marked" : "admitted";
      const rules = findings.map(({ sentence, ...finding }) => ({ ...finding, sentence: sentence() }));
      const { version: own, isHosted, uploadedAt } = file;
      const { filename, hashes, _kept: kept } = entry;
      return [{ filename, version: own, isHosted, hashes, uploadedAt, kept, verdict, rules }];
    });
  };
}
