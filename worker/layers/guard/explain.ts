import { IndexError } from "../../errors.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import { explainedSentence } from "../../policy/wording.ts";
import { refusing, warning } from "../../policy/judge.ts";
import { advisoryUrl, type Advisory } from "../../policy/osv/advisories.ts";
import type { JudgedFile, Policy } from "../../policy/policy.ts";
import type { Explain, ExplainedProvenance, ShownAdvisory } from "../../repository/explanation.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";
import type { Repository } from "../../repository/repository.ts";
import { marked } from "./guarded-page.ts";
import { heldFixes, holding } from "./held-fixes.ts";
import { judgedEntry } from "./judged.ts";
import { judgedPage } from "./judged-page.ts";
import { advisoriesFor, type FindAdvisories } from "./known-advisories.ts";
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
  findAdvisories: FindAdvisories,
  below: Pick<Repository, "project">,
): Explain {
  const rulesNow = currentRules(policies, entriesOf);
  const advisoriesOf = advisoriesFor(policies, findAdvisories, true);
  return async (name, version, ctx) => {
    const { judge, refusedProject } = await rulesNow(ctx);
    // No upstream is asked for such a name.
    const denied = refusedProject(name, ctx.now);
    if (denied) throw new IndexError("project-blocked", denied.sentence(), { writtenIn: denied.writtenIn });
    const advisories = await advisoriesOf(name, ctx);
    const project = await below.project(name, ctx);
    if (!project) return null;
    const wanted = version === undefined ? undefined : canonicalVersion(version);
    const model = await project.page.model();
    const page = judgedPage(model);
    const judged = model.files.map((entry) => {
      const file = judgedEntry({ project: name, entry, source: project.files.source }, page, advisories);
      const findings = judge(file, ctx.now);
      return { entry, file, findings, refusal: refusing(findings), warned: warning(findings) };
    });
    const shown = judged.flatMap(({ entry, refusal, warned }) => (refusal ? [] : [warned ? marked(entry, "") : entry]));
    const fixOf = heldFixes(name, shown, advisories);
    return judged.flatMap(({ entry, file, findings, refusal, warned }) => {
      if (wanted !== undefined && canonicalVersion(file.version ?? "") !== wanted) return [];
      const verdict = refusal ? "refused" : warned ? "marked" : "admitted";
      const fix = holding(findings) && fixOf(file);
      const rules = findings.map(({ rule, mode, index, until, exempted, advisory, sentence }) => ({
        rule,
        mode,
        index,
        until,
        exempted,
        sentence: explainedSentence({ mode, exempted, sentence }),
        advisory: advisory && shownAdvisory(advisory),
      }));
      const { version: own, isHosted, uploadedAt } = file;
      const { filename, hashes, _kept: kept } = entry;
      const fixes = fix && { newest: fix.newest, advisories: fix.advisories.map(shownAdvisory) };
      // A file whose name has no version may be of any.
      const undecided = isHosted ? [] : (advisories?.undecided(own ?? "") ?? []).map(shownAdvisory);
      const provenance = explainedProvenance(file);
      const facts = { filename, version: own, isHosted, hashes, uploadedAt, kept };
      return [{ ...facts, verdict, provenance, rules, undecided, fixes }];
    });
  };
}

function explainedProvenance({ isHosted, provenance }: JudgedFile): ExplainedProvenance | undefined {
  if (isHosted || !provenance) return undefined;
  const { own } = provenance;
  if (own.state === "verified" || own.state === "refused") return own;
  return own.state === "missing" ? undefined : { state: "undecided" };
}

const shownAdvisory = ({ id, aliases, severity }: Advisory): ShownAdvisory => ({
  id,
  aliases,
  severity,
  url: advisoryUrl(id),
});
