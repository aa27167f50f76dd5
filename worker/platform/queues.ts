/**
 * A queue, as Cloudflare's Queues have it: a queue binding can be passed as it is. Each message is delivered at least
 * once, to `consume` in `worker/jobs/queues.ts`.
 */
export interface MessageQueue<Body = unknown> {
  send(message: Body, options?: SendOptions): Promise<unknown>;
  /** At most 100 messages, of 256 KB together. */
  sendBatch(messages: Iterable<{ readonly body: Body } & SendOptions>): Promise<unknown>;
}

export type SendOptions = { readonly contentType?: "json"; readonly delaySeconds?: number };

/** Messages of one queue, delivered together. */
export type Batch = Pick<MessageBatch, "queue"> & { readonly messages: readonly Delivered[] };

/**
 * `attempts`: which delivery this is, from 1. A message about which the consumer says nothing is acknowledged where the
 * consumer succeeds, and comes again where it rejects.
 */
export type Delivered = Pick<Message, "id" | "body" | "attempts" | "ack" | "retry">;
