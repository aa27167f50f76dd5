import { MAX_PROJECTS_PER_MESSAGE, type RefreshMessage } from "../../../schema/refresh.ts";
import type { RefreshQueue } from "../../repository/ports/refreshes.ts";
import type { MessageQueue } from "../../platform/queues.ts";

/** Limits of one batch: the platform's limit of messages, and half of its limit of bytes of JSON. */
const MAX_MESSAGES = 100;
const MAX_BYTES = 128_000;

/** One source's access to the queue whose consumer refreshes pages. */
export function refreshQueue(queue: MessageQueue<RefreshMessage>, source: string): RefreshQueue {
  return {
    async send(names, cause) {
      for (const batch of packed([...new Set<string>(names)], source, cause)) {
        await queue.sendBatch(batch.map((body) => ({ body, contentType: "json" as const })));
      }
    },
  };
}

/** The messages in batches of allowed size. Their text is ASCII: one character is one byte. */
function packed(projects: readonly string[], source: string, cause: RefreshMessage["cause"]): RefreshMessage[][] {
  const batches: RefreshMessage[][] = [];
  let bytes = Infinity;
  for (let at = 0; at < projects.length; at += MAX_PROJECTS_PER_MESSAGE) {
    const message = { source, projects: projects.slice(at, at + MAX_PROJECTS_PER_MESSAGE), cause };
    const weight = JSON.stringify(message).length;
    const last = batches.at(-1);
    if (last && last.length < MAX_MESSAGES && bytes + weight <= MAX_BYTES) {
      last.push(message);
      bytes += weight;
    } else {
      batches.push([message]);
      bytes = weight;
    }
  }
  return batches;
}
