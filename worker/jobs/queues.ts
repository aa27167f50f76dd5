import type { Consumer } from "./consumer.ts";
import { keepDeadLetters } from "./keep-dead-letters.ts";
import { storeFiles } from "./store-files.ts";
import { refreshPages } from "./refresh-pages.ts";

/** The consumers by the names of their queues in wrangler.toml. */
const CONSUMERS: Readonly<Record<string, Consumer>> = {
  "pypi-edge-fills": storeFiles,
  "pypi-edge-fills-dead": keepDeadLetters("pypi-edge-fills"),
  "pypi-edge-refreshes": refreshPages,
  "pypi-edge-refreshes-dead": keepDeadLetters("pypi-edge-refreshes"),
};

/** The names of the queues that have a consumer here. */
export const QUEUES = Object.keys(CONSUMERS);

/** Processes a batch of any queue. Throws where the queue has no consumer here, so that the batch is delivered again. */
export const consume: Consumer = async (batch, services, ctx) => {
  const consumer = CONSUMERS[batch.queue];
  if (!consumer) throw new Error(`No consumer here reads the queue ${batch.queue}: take it out of wrangler.toml.`);
  await consumer(batch, services, ctx);
};
