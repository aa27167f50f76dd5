import type { Context, Upkept } from "../repository/repository.ts";
import { storeFiles } from "./fills.ts";

/** What is done with a queue's messages. `sources` are those that are mirrored, by their keys. */
export type Consumer = (batch: MessageBatch, sources: ReadonlyMap<string, Upkept>, ctx: Context) => Promise<void>;

/** By the queues' names in wrangler.toml. */
const CONSUMERS: Record<string, Consumer> = {
  "pypi-edge-fills": storeFiles,
};

/** Takes a batch of any queue. Throws, so that it is delivered again, where no code here knows the queue. */
export const consume: Consumer = async (batch, sources, ctx) => {
  const consumer = CONSUMERS[batch.queue];
  if (!consumer) throw new Error(`Nothing here reads the queue ${batch.queue}; wrangler.toml names one too many.`);
  await consumer(batch, sources, ctx);
};
