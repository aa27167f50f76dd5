import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { FillMessage } from "../../schema/fill.ts";
import type { House } from "../../worker/compose.ts";
import { consume } from "../../worker/jobs/queues.ts";
import { contextOf } from "../../worker/repository/context.ts";

/** A queue that keeps what it is given until a test has it delivered. */
export class FakeQueue implements Queue<FillMessage> {
  readonly messages: FillMessage[] = [];
  /** While set, nothing is taken. */
  down = false;

  async send(message: FillMessage): Promise<QueueSendResponse> {
    if (this.down) throw new Error("the queue is away");
    this.messages.push(message);
    return { metadata: { metrics: await this.metrics() } };
  }

  sendBatch(): Promise<never> {
    return Promise.reject(new Error("Nothing of ours sends batches."));
  }

  metrics(): Promise<QueueMetrics> {
    return Promise.resolve({ backlogCount: this.messages.length, backlogBytes: 0 });
  }
}

/** How a delivery ended: which messages were done with, and after how many seconds the others are to come again. */
export interface Delivery {
  readonly done: number;
  readonly delays: (number | undefined)[];
}

/** Has the consumer of `queue` read these messages, as one batch that is delivered for the `attempts`th time. */
export async function deliver(
  queue: string,
  messages: readonly unknown[],
  { sources, counters }: Pick<House, "sources" | "counters">,
  now: number,
  attempts = 1,
): Promise<Delivery> {
  const delays: (number | undefined)[] = [];
  let done = 0;
  const batch: MessageBatch = {
    queue,
    metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
    messages: messages.map((body, index) => ({
      id: `${index}`,
      timestamp: new Date(now),
      attempts,
      body,
      ack: () => void done++,
      retry: (options) => void delays.push(options?.delaySeconds),
    })),
    ackAll: () => undefined,
    retryAll: () => undefined,
  };
  const work = createExecutionContext();
  await consume(batch, sources, contextOf(now, work, counters));
  await waitOnExecutionContext(work);
  return { done, delays };
}
