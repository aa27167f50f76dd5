import type { Batch } from "../../worker/platform/queues.ts";
import { LONGEST_DELAY } from "./longest-delay.ts";
import type { TakenMessage } from "./store.ts";

/** `delay`: seconds; undefined where the consumer did not say. */
type Decision = { readonly kind: "ack" } | { readonly kind: "retry"; readonly delay: number | undefined };

const ACK: Decision = { kind: "ack" };

/** A batch for a consumer, and what it decides of each message. */
export interface OpenBatch {
  readonly batch: Batch;
  /**
   * What is to become of a message. Of several decisions the first counts; a message without any is acknowledged where the
   * consumer returned, and delivered again where it threw.
   */
  decisionOf(message: TakenMessage, threw: boolean): Decision;
}

export function openBatch(queue: string, taken: readonly TakenMessage[]): OpenBatch {
  const decided = new Map<number, Decision>();
  const decide = (number: number, decision: Decision) => {
    if (!decided.has(number)) decided.set(number, decision);
  };
  const messages = taken.map(({ number, id, body, attempts }) => ({
    id,
    body: JSON.parse(body) as unknown,
    attempts,
    ack: () => decide(number, ACK),
    retry: (options?: QueueRetryOptions) => decide(number, retried(options)),
  }));
  return {
    batch: { queue, messages },
    decisionOf: ({ number }, threw) => decided.get(number) ?? (threw ? { kind: "retry", delay: undefined } : ACK),
  };
}

function retried(options: QueueRetryOptions | undefined): Decision {
  const delay = options?.delaySeconds;
  return { kind: "retry", delay: delay === undefined ? undefined : Math.min(Math.max(delay, 0), LONGEST_DELAY) };
}
