import * as z from "zod/mini";

/** An entry of `[[queues.consumers]]`. What is left out has the server's default. */
const queueConsumer = z.object({
  queue: z.string(),
  max_batch_size: z.optional(z.number()),
  max_batch_timeout: z.optional(z.number()),
  max_concurrency: z.optional(z.number()),
  max_retries: z.optional(z.number()),
  dead_letter_queue: z.optional(z.string()),
  retry_delay: z.optional(z.number()),
});

/** What wrangler.toml says of the worker, its stores, crons, queues and rate limits, beside `[vars]`. */
export const deployment = z.object({
  name: z.string(),
  kv_namespaces: z.tuple([z.object({ id: z.optional(z.string()) })]),
  r2_buckets: z.tuple([z.object({ bucket_name: z.string() })]),
  d1_databases: z.tuple([z.object({ database_name: z.string(), database_id: z.optional(z.string()) })]),
  queues: z.object({ consumers: z.array(queueConsumer) }),
  ratelimits: z.optional(
    z.array(z.object({ name: z.string(), simple: z.object({ limit: z.number(), period: z.number() }) })),
  ),
  triggers: z.object({ crons: z.array(z.string()) }),
});

export type Deployment = z.infer<typeof deployment>;
