import { addressOf } from "../../pypi/file-url.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import { isYanked, type FileEntry, type ProjectPage } from "../../pypi/page.ts";
import { versionOf } from "../../pypi/version.ts";
import { refusing, warning } from "../../policy/judge.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import { ChangedLines } from "../../repository/changed-lines.ts";
import { giveWay } from "../../repository/give-way.ts";
import { uncopied } from "../../repository/gzip.ts";
import type { NowOrLater } from "../../repository/now-or-later.ts";
import { Page } from "../../repository/page.ts";
import type { GuardedPage, RefusedFile } from "../../repository/ports/guarded-pages.ts";
import type { Finding, JudgedFile } from "../../policy/policy.ts";
import type { Context } from "../../repository/context.ts";
import { heldFixes, holding } from "./held-fixes.ts";
import { judgedEntry } from "./judged.ts";
import { judgedPage } from "./judged-page.ts";
import type { Rules } from "./rules.ts";

/** How many files are judged before other requests may run: some milliseconds' work. */
const MANY = 1_000;

/** A page to be judged, and what it is judged by. */
interface Judged {
  readonly page: Page;
  /** The key of the source that its files come from, but for hosted ones. */
  readonly source: string;
  readonly rules: Rules;
  readonly advisories: Advisories | undefined;
  /** Finds them where no rule asks for them; undefined where it does not matter what held files would mend. */
  readonly findAdvisories: (() => NowOrLater<Advisories | undefined>) | undefined;
}

/** A page without the files that the policy refuses, and with the marks of its warnings. The page is read. */
export async function guardedPage(
  { page, source, rules, advisories, findAdvisories }: Judged,
  ctx: Context,
): Promise<GuardedPage> {
  const { model, stretches } = await page.content();
  const lines = new ChangedLines(stretches);
  const whole = judgedPage(model);
  const refused = new Map<string, RefusedFile>();
  const files: FileEntry[] = [];
  const held: { readonly file: JudgedFile; readonly by: Finding }[] = [];
  let isChanged = false;
  let until = Infinity;

  function admit(entry: FileEntry): void {
    files.push(entry);
    lines.keep();
  }

  function apply(findings: readonly Finding[], file: JudgedFile, entry: FileEntry): void {
    for (const { rule, mode, until: end, exempted } of findings) {
      // An advisory on malware that is still delayed is counted, and refuses from then on.
      if (mode !== "audit" || rule === "malware")
        until = Math.min(until, (exempted ? exempted.until : end) ?? Infinity);
    }
    const [refusal, warned] = [refusing(findings), warning(findings)];
    isChanged ||= refusal !== undefined || warned !== undefined;
    if (refusal) {
      lines.leaveOut();
      refused.set(addressOf(entry), {
        filename: entry.filename,
        rule: refusal.rule,
        sentence: refusal.sentence(),
      });
      const by = findAdvisories && holding(findings);
      if (by) held.push({ file, by });
    } else if (warned) {
      files.push(lines.replace((listed) => marked(listed, warned.sentence("advises"))));
    } else admit(entry);
  }

  // What is called for each of thousands of files is little: V8 compiled a long loop for 30 ms, and was done after the last file.
  function judge(entry: FileEntry): void {
    const file = judgedEntry({ project: model.name, entry, source }, whole, advisories);
    const findings = rules.judge(file, ctx.now);
    if (findings.length === 0) admit(entry);
    else apply(findings, file, entry);
  }

  let judged = 0;
  for (const entry of model.files) {
    if (judged > 0 && judged % MANY === 0) await giveWay();
    judge(entry);
    judged += 1;
  }
  const known = held.length > 0 ? (advisories ?? (await findAdvisories?.())) : undefined;
  const fixOf = heldFixes(model.name, files, known);
  const made = {
    of: page.head.digest,
    by: rules,
    advisories,
    whole,
    madeAt: ctx.now,
    until: until === Infinity ? undefined : until,
    isEmptied: files.length === 0 && refused.size > 0,
    refused,
    holdsFix: held.find(({ file }) => fixOf(file))?.by.rule,
  };
  if (!isChanged || made.isEmptied) return { ...made, shown: undefined };
  // A mirror that reads the upstream's serial would take the page for complete, and not ask again when a file is admitted.
  const { lastSerial: _, ...rest } = model;
  const shown = refused.size === 0 ? { ...model, files } : withoutVersions({ ...rest, files });
  // Most pages below are from memory, and then this one is passed on without a copy.
  return {
    ...made,
    shown: (await Page.from(shown, {}, ctx.now, lines.stretches())).keptIn(ownRendering()).as("memory"),
  };
}

/** An entry that a client takes only where its version is pinned, and then shows the sentence. The upstream's own reason stays. */
export const marked = (entry: FileEntry, sentence: string): FileEntry =>
  isYanked(entry) ? entry : { ...entry, yanked: sentence };

/** The page with those versions only of which it lists a file (PEP 700). */
export function withoutVersions(page: ProjectPage): ProjectPage {
  if (!page.versions) return page;
  const written = new Set(page.files.map(({ filename }) => versionOf(filename, page.name)));
  const shown = new Set([...written].map((version) => canonicalVersion(version ?? "")));
  return { ...page, versions: page.versions.filter((version) => shown.has(canonicalVersion(version))) };
}

/** Keeps the HTML with the page, in memory. */
function ownRendering() {
  let html: Uint8Array | null = null;
  return {
    get: async () => html && uncopied(html),
    put: async (_digest: string, made: Uint8Array) => void (html = made),
  };
}
