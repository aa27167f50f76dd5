import type { MirroredSource } from "../repository/repository.ts";
import type { DeadLetters } from "../repository/ports/maintenance.ts";
import { keepDeadLetters } from "./dead-letters.ts";
import { storeFiles } from "./fills.ts";
import { refreshPages } from "./refreshes.ts";
import type { Context } from "../repository/context.ts";

/** What consumers are given of the house. */
export interface QueueGround {
  /** Those that are mirrored, by their keys. */
  readonly sources: ReadonlyMap<string, MirroredSource>;
  readonly letters: DeadLetters;
}

/** What is done with a queue's messages. */
export type Consumer = (batch: MessageBatch, ground: QueueGround, ctx: Context) => Promise<void>;

/** By the queues' names in wrangler.toml. */
const CONSUMERS: Readonly<Record<string, Consumer>> = {
  "pypi-edge-fills": storeFiles,
  "pypi-edge-fills-dead": keepDeadLetters("pypi-edge-fills"),
  "pypi-edge-refreshes": refreshPages,
  "pypi-edge-refreshes-dead": keepDeadLetters("pypi-edge-refreshes"),
};

/** The queues that are read here. */
export const QUEUES = Object.keys(CONSUMERS);

/** Takes a batch of any queue. Throws, so that it is delivered again, where no code here knows the queue. */
export const consume: Consumer = async (batch, ground, ctx) => {
  const consumer = CONSUMERS[batch.queue];
  if (!consumer) throw new Error(`Nothing here reads the queue ${batch.queue}; wrangler.toml names one too many.`);
  await consumer(batch, ground, ctx);
};
