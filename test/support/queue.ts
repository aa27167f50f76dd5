import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { Services } from "../../worker/compose/services.ts";
import { consume } from "../../worker/jobs/queues.ts";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";

/** A queue that keeps what it is given until a test has it delivered. */
export class FakeQueue<Message> implements Queue<Message> {
  readonly messages: Message[] = [];
  /** While set, nothing is taken. */
  down = false;

  send(message: Message): Promise<QueueSendResponse> {
    return this.sendBatch([{ body: message }]);
  }

  async sendBatch(messages: Iterable<MessageSendRequest<Message>>): Promise<QueueSendBatchResponse> {
    if (this.down) throw new Error("the queue is away");
    const bodies = [...messages].map(({ body }) => body);
    // As the platform's: JSON of at most 100 messages and 256 KB at once.
    if (bodies.length > 100 || JSON.stringify(bodies).length > 256_000) throw new Error("too much at once");
    this.messages.push(...bodies);
    return { metadata: { metrics: await this.metrics() } };
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
  services: Services,
  now: number,
  attempts = 1,
  log = logAs("text"),
): Promise<Delivery> {
  const delays: (number | undefined)[] = [];
  let done = 0;
  const batch: MessageBatch = {
    queue,
    metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
    messages: messages.map((body) => ({
      id: idOf(body),
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
  await consume(batch, services, contextOf(now, work, services.counters, log));
  await waitOnExecutionContext(work);
  return { done, delays };
}

const ids = new WeakMap<object, string>();

/** A message keeps its id however often it is delivered. */
function idOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return crypto.randomUUID();
  const id = ids.get(body) ?? crypto.randomUUID();
  ids.set(body, id);
  return id;
}
