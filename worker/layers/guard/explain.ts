import { IndexError } from "../../errors.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import { judgeBy, refusedProjects, refusing, warning } from "../../policy/judge.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Explain } from "../../repository/explanation.ts";
import type { Repository } from "../../repository/repository.ts";
import { judgedEntry } from "./judged.ts";
import { judgedPage } from "./judged-page.ts";

/**
 * Explains the verdicts of an index's policies. It reads what the layers below the guard have, so it tells of files that
 * the index refuses; of their bytes it gives nothing.
 *
 * @throws IndexError `project-blocked` where a rule refuses the whole project, and what the layers below throw
 */
export function explainBy(policies: readonly Policy[], below: Pick<Repository, "project">): Explain {
  const judge = judgeBy(policies);
  const refusedProject = refusedProjects(policies);
  return async (name, version, ctx) => {
    // No upstream is asked for such a name.
    const refusal = refusedProject(name);
    if (refusal) throw new IndexError("project-blocked", refusal.sentence());
    const project = await below.project(name, ctx);
    if (!project) return null;
    const wanted = version === undefined ? undefined : canonicalVersion(version);
    const model = await project.page.model();
    const page = judgedPage(model);
    return model.files.flatMap((entry) => {
      const file = judgedEntry({ project: name, entry }, page);
      if (wanted !== undefined && canonicalVersion(file.version ?? "") !== wanted) return [];
      const findings = judge(file, ctx.now);
      const verdict = refusing(findings) ? "refused" : warning(findings) ? "marked" : "admitted";
      const rules = findings.map(({ rule, mode, index, until, sentence }) => ({
        rule,
        mode,
        index,
        until,
        sentence: sentence(),
      }));
      const { filename, isHosted, uploadedAt } = file;
      return [{ filename, version: file.version, isHosted, uploadedAt, kept: entry._kept, verdict, rules }];
    });
  };
}
