import type { MirrorMessage } from "../../../schema/mirror.ts";
import type { MirrorQueue } from "../../repository/ports/mirror.ts";
import type { MessageQueue } from "../../platform/queues.ts";

/** One source's access to the queue whose consumer goes on with its mirror. */
export const mirrorQueue = (queue: MessageQueue<MirrorMessage>, source: string): MirrorQueue => ({
  async send() {
    await queue.send({ source }, { contentType: "json" });
  },
});
