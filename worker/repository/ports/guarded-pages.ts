import type { ProjectName } from "../../pypi/name.ts";
import type { KnownPublisher } from "../../pypi/publisher.ts";
import type { Page } from "../page.ts";

/** A file that a policy refuses. */
export interface RefusedFile {
  readonly filename: string;
  /** The rule that refuses it. */
  readonly rule: string;
  readonly sentence: string;
}

/** What a policy makes of a project's page. */
export interface GuardedPage {
  /** The digest of the page that it was made from. */
  readonly of: string;
  /** The rules that it was made by: with others it is made again. */
  readonly by: object;
  /** What rules know of its files by the page alone: the project's status, and who built them. */
  readonly whole: {
    readonly status: string | undefined;
    readonly history: { readonly publishers: readonly KnownPublisher[]; readonly undecidedSince: number };
  };
  /** What it was compared with: one object as long as nothing else is known of the project. */
  readonly advisories: object | undefined;
  /** When it was made: it is not used for an earlier time. Milliseconds since the epoch. */
  readonly madeAt: number;
  /** When a file becomes admitted by time alone. Milliseconds since the epoch; undefined: never. */
  readonly until: number | undefined;
  /** What is shown instead of that page; undefined where it is shown as it is. */
  readonly shown: Page | undefined;
  /** Whether the project has files, and every one of them is refused. */
  readonly isEmptied: boolean;
  /** By their addresses, as `addressOf` has them. */
  readonly refused: ReadonlyMap<string, RefusedFile>;
  /** The rule that holds a file which mends the newest version that is shown, as far as advisories are known. */
  readonly holdsFix: string | undefined;
}

/** The pages of one index as its policy shows them, in this isolate's memory only. */
export interface GuardedPages {
  /** `now` in milliseconds since the epoch. */
  get(name: ProjectName, now: number): GuardedPage | undefined;
  /** `bytes` that it takes; `until` in milliseconds since the epoch. */
  set(name: ProjectName, page: GuardedPage, bytes: number, until?: number): void;
}
