import type { FillMessage } from "../../../schema/fill.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import type { FillQueue } from "../../repository/ports/files.ts";
import type { MessageQueue } from "../../platform/queues.ts";

/** The platform's limit of messages in one batch; 100 of ours stay below its other limit of 256 KB. */
const BATCH = 100;

/** One source's access to the queue whose consumer stores files. */
export function fillQueue(queue: MessageQueue<FillMessage>, source: string): FillQueue {
  const messageOf = ({ origin, path, part }: FileRef): FillMessage => ({ source, file: `${origin}/${path}`, part });
  return {
    async send(ref) {
      await queue.send(messageOf(ref), { contentType: "json" });
    },
    async sendAll(refs) {
      for (let at = 0; at < refs.length; at += BATCH) {
        const batch = refs.slice(at, at + BATCH);
        await queue.sendBatch(batch.map((ref) => ({ body: messageOf(ref), contentType: "json" })));
      }
    },
  };
}
