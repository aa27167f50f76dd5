import type { ShownVerification } from "../../../schema/mirror-api.ts";
import type { VerificationStatus } from "../../repository/ports/verification.ts";
import { isoOf } from "./times.ts";

/** A verification as the API shows it. `now` in milliseconds since the epoch. */
export function shownVerification(
  source: string,
  verification: VerificationStatus | null,
  now: number,
): ShownVerification {
  if (!verification) return { source, verification: null };
  const { beganAt, endedAt, isRepairing, isForCached, retryAt, failure, counts, findings, ...numbers } = verification;
  const isPaused = endedAt === null && retryAt > now;
  return {
    source,
    verification: {
      ...numbers,
      began: isoOf(beganAt),
      ended: endedAt === null ? null : isoOf(endedAt),
      repair: isRepairing,
      cached: isForCached,
      retry: isPaused ? isoOf(retryAt) : null,
      failure: isPaused ? failure : null,
      counts: [...counts],
      findings: findings.map(({ foundAt, ...finding }) => ({ ...finding, at: isoOf(foundAt) })),
    },
  };
}
