import { type Miniflare, Response as MiniflareResponse } from "miniflare";
import { afterAll, beforeAll } from "vitest";
import type { MessageQueue } from "../../../worker/platform/queues.ts";
import { startMiniflare } from "../../support/node/miniflare.ts";
import { consume, CONSUMERS, type DeliveredTogether, queueSuite } from "../suites/queues.ts";

const deliveries: DeliveredTogether[] = [];
const producers = new Map<string, MessageQueue>();
let miniflare: Miniflare;

const SCRIPT = `
  const consume = ${consume.toString()};
  export default {
    queue: (batch, env) =>
      consume(batch, (delivery) => env.RECORD.fetch("http://record/", { method: "POST", body: JSON.stringify(delivery) })),
  };`;

beforeAll(async () => {
  miniflare = await startMiniflare(SCRIPT, {
    serviceBindings: {
      async RECORD(request) {
        deliveries.push((await request.json()) as DeliveredTogether);
        return new MiniflareResponse();
      },
    },
    queueProducers: Object.fromEntries(CONSUMERS.map(({ queue }) => [queue, queue])),
    queueConsumers: Object.fromEntries(
      CONSUMERS.map((settings) => [
        settings.queue,
        {
          maxBatchSize: settings.max_batch_size ?? 10,
          maxBatchTimeout: settings.max_batch_timeout ?? 1,
          maxRetries: settings.max_retries ?? 3,
          retryDelay: settings.retry_delay ?? 0,
          ...(settings.dead_letter_queue && { deadLetterQueue: settings.dead_letter_queue }),
        },
      ]),
    ),
  });
  for (const { queue } of CONSUMERS) producers.set(queue, await miniflare.getQueueProducer(queue));
});
afterAll(() => miniflare.dispose());

// Queues' documentation says that a message which was acknowledged is not delivered again; to miniflare an error of the
// consumer concerns the whole batch.
queueSuite(() => ({ queue: (name) => producers.get(name) as MessageQueue, deliveries }), { acksSurviveThrow: false });
