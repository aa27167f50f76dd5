import { DAY, MINUTE, SECOND } from "../duration.ts";
import { isUpstreamFailure, reasonOf } from "../errors.ts";
import type { MirrorLease } from "../repository/ports/mirror.ts";
import { CallBudget } from "./call-budget.ts";
import type { MirrorClock } from "./pacer.ts";

/** How long one run goes on with another file: a queue's consumer has 15 minutes. Milliseconds. */
const RUN = 10 * MINUTE;

/** A run that has not been heard of for so long has ended, or is in a long transfer, beside which another may go on. Milliseconds. */
export const LEASE = MINUTE;

/** How often a run says that it goes on. Milliseconds. */
const RENEWED = 5 * SECOND;

/** So many failures of the upstream in a row, and the run pauses. */
const PATIENCE = 5;

/** How long it pauses where the upstream does not say. Milliseconds. */
export const PAUSE = MINUTE;

/** Bytes of stored files that one run reads: a delivery has 30 s of CPU, and a gigabyte takes some 3 s to hash. */
const MAX_READ = 4_000_000_000;

/** What a run remembers: what it did, whether it goes on, and for how long the upstream is left alone after it. */
export function runState(lease: MirrorLease, clock: MirrorClock, began: number) {
  const effort = { requests: 0, files: 0, bytes: 0 };
  const budget = new CallBudget();
  let [renewedAt, inARow, retryAt, isOurs, read] = [began, 0, 0, true, 0];
  let failure: string | undefined;
  return {
    effort,
    add({ requests = 0, files = 0, bytes = 0 }: Partial<typeof effort>): void {
      effort.requests += requests;
      budget.requested(requests);
      effort.files += files;
      effort.bytes += bytes;
      if (files > 0) inARow = 0;
    },
    /** The upstream has answered as it should. */
    answered: () => void (inARow = 0),
    failed(error: unknown): void {
      if (!isUpstreamFailure(error)) return;
      inARow += 1;
      const { retryAfterSeconds } = error;
      if (retryAfterSeconds === undefined && inARow < PATIENCE) return;
      const wait = Math.min((retryAfterSeconds ?? 0) * SECOND || PAUSE, DAY);
      retryAt = Math.max(retryAt, clock.now() + wait);
      failure = reasonOf(error);
    },
    look: () => budget.look(),
    /** A stored file of this many bytes was read. */
    wasRead(bytes: number): void {
      budget.wasRead();
      read += bytes;
    },
    async goesOn(): Promise<boolean> {
      const now = clock.now();
      if (isOurs && now - renewedAt >= RENEWED) {
        renewedAt = now;
        isOurs = await lease.renew(now + LEASE, effort, now);
      }
      return isOurs && retryAt === 0 && now - began < RUN && !budget.isSpent && read < MAX_READ;
    },
    pause: () => ({ retryAt, failure }),
  };
}
