import { SECOND } from "../../duration.ts";
import type { Staleness } from "../../platform/platform.ts";

/** A database that takes longer is taken for one that does not answer. Milliseconds. */
export const QUERY_TIMEOUT = 3 * SECOND;

/** Which state of a subject was read, and when. */
export interface Stamp {
  /** When the read of the database began, ms. A copy inherits it, so that no copy makes what it has look younger. */
  readonly takenAt: number;
  /** Goes up with each change of the subject; a number never stands for two states. */
  readonly revision: number;
}

/** What the database said about a subject. */
export interface Snapshot<Value> extends Stamp {
  readonly value: Value;
}

/** Which snapshots count. */
export interface SnapshotRules {
  /** Whether a snapshot may still be used: no change that was answered before `now` is missing in it. */
  readonly isYoung: (stamp: Pick<Stamp, "takenAt">, now: number) => boolean;
  /** Whether it is of a clock that is wrong, or of before this clock was set back: nothing is known by it. */
  readonly isFromFuture: (stamp: Pick<Stamp, "takenAt">, now: number) => boolean;
  /** Whether one has a later state than the other, or the same and was read later. */
  readonly isLater: (one: Stamp, other: Stamp) => boolean;
}

export const rulesOf = ({ reuse, skew }: Staleness): SnapshotRules => ({
  isYoung: ({ takenAt }, now) => now - reuse < takenAt && takenAt <= now + skew,
  isFromFuture: ({ takenAt }, now) => takenAt > now + skew,
  // A query that began later may have seen an earlier state. Only where one began when the other's was surely over, times tell:
  // a lower revision is then that of a database that was restored.
  isLater(one, other) {
    const later = one.takenAt - other.takenAt;
    if (one.revision === other.revision || Math.abs(later) > skew + QUERY_TIMEOUT) return later > 0;
    return one.revision > other.revision;
  },
});
