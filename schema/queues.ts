/**
 * What a queue is for. Its name in the configuration is this, or ends in `-` and this (`acme-fills`): a batch names its
 * queue, and nothing else tells the worker what the batch is.
 */
export const QUEUE_ROLES = [
  "fills",
  "fills-dead",
  "refreshes",
  "refreshes-dead",
  "mirrors",
  "notices",
  "notices-dead",
] as const;

export type QueueRole = (typeof QUEUE_ROLES)[number];

/** What the queue of this name is for; undefined where the name does not say. */
export const queueRole = (name: string): QueueRole | undefined =>
  QUEUE_ROLES.find((role) => name === role || name.endsWith(`-${role}`));
