import type { InstallerFacts } from "../pypi/installer.ts";
import type { Event } from "./event.ts";
import type { Allowance } from "./ports/allowance.ts";

/**
 * What accompanies a request, a cron run or a queue message. The clock is read, and work after the answer is started,
 * only through this.
 */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Keeps work running after the answer. A failure of it is logged and has no other effect. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Reports to the operator something that the client's answer does not show. */
  readonly report: (event: Event) => void;
  /** The caller waits as long as the sources take: no client with a timeout is behind it. */
  readonly patient?: true;
  /** false: what is read is not counted as asked for by clients. */
  readonly isDemand?: false;
  /** Fetched before a client asks for it, and only stored. */
  readonly isAhead?: true;
  /** Reads what pip or uv says of where it runs; undefined where the client is another, or there is none. */
  readonly installer?: () => InstallerFacts | undefined;
  /** What an upstream gives is stored only where it renews what is stored: a person looks, and no client will ask for it again. */
  readonly storesNothingNew?: true;
  /** What a client's request may have fetched; jobs and messages have no ceiling. */
  readonly allowance?: Allowance;
}
