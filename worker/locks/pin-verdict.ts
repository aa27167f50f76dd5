import { canonicalVersion } from "../pypi/pep440.ts";
import { publisherLabel } from "../pypi/publisher.ts";
import { heldUntil } from "../repository/held-fixes.ts";
import type { AppliedRule, ExplainedFile } from "../repository/explanation.ts";
import type { LockedPackage } from "./formats/lock.ts";
import type { Narrowing } from "./formats/narrow.ts";

/**
 * What an index does with a package of a lock. `held`: a file of it is refused until a time; `blocked`: as long as nothing else
 * changes; `unknown`: the index lists no such file, or cannot say.
 */
export type PinStatus = "allowed" | "held" | "blocked" | "unknown";

/** The verdict about a package of a lock. */
export interface PinVerdict {
  readonly status: PinStatus;
  /** From when on all of it is admitted. Milliseconds since the epoch; only of what is held. */
  readonly until?: number | undefined;
  /** How many files of it the index would give or refuse, and how many of them it refuses. */
  readonly files: number;
  readonly refused: number;
  /** How many of them are verified, and their publishers, each once. */
  readonly verified: number;
  readonly publishers: readonly string[];
  /** The rules that refuse files of it, each once. */
  readonly rules: readonly Pick<AppliedRule, "rule" | "sentence">[];
}

/**
 * The verdict about a package, by what an index says of its project's files. One refused file is enough: which of them a client
 * takes depends on its platform.
 */
export function verdictOn(locked: LockedPackage, explained: readonly ExplainedFile[], narrowed: Narrowing): PinVerdict {
  const files = narrowed(explained.filter((file) => isOf(locked, file)));
  const refused = files.filter(({ verdict }) => verdict === "refused");
  const refusing = refused.map(({ rules }) => rules.filter(({ mode, exempted }) => mode === "enforce" && !exempted));
  const until = Math.max(...refused.map(heldUntil));
  const labels = files.flatMap(({ provenance }) =>
    provenance?.state === "verified" ? [publisherLabel(provenance.publisher)] : [],
  );
  const publishers = [...new Set(labels)];
  const counts = { files: files.length, refused: refused.length, verified: labels.length, publishers };
  if (files.length === 0) return { ...counts, status: "unknown", rules: [] };
  if (refused.length === 0) return { ...counts, status: "allowed", rules: [] };
  const rules = new Map(
    refusing.flatMap(([first]) => (first ? [[`${first.index} ${first.rule}`, first] as const] : [])),
  );
  return {
    ...counts,
    status: until === Infinity ? "blocked" : "held",
    until: until === Infinity ? undefined : until,
    rules: [...rules.values()].map(({ rule, sentence }) => ({ rule, sentence })),
  };
}

function isOf({ version, files, digests }: LockedPackage, { filename, version: own, hashes }: ExplainedFile): boolean {
  if (files.length > 0) return files.some((file) => file.filename === filename);
  if (canonicalVersion(own ?? "") !== canonicalVersion(version)) return false;
  return digests.length === 0 || digests.some(({ algorithm, hex }) => hashes[algorithm] === hex);
}
