import type { FillMessage } from "../../../schema/fill.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import type { FillQueue } from "../../repository/ports/files.ts";

/** More messages the platform does not take at once; of these, 256 KB, which this many of ours never have. */
const BATCH = 100;

/** One source's way into the queue whose consumer stores files. */
export function fillQueue(queue: Queue<FillMessage>, source: string): FillQueue {
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
