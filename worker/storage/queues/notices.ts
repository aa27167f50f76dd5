import type { NoticeMessage } from "../../../schema/notify.ts";
import type { MessageQueue } from "../../platform/queues.ts";
import type { NoticeQueue } from "../../repository/ports/notices.ts";

/** Messages of one batch. A notice has some 500 bytes, and the platform's limit is 256 KB. */
const BATCH = 50;

/** The queue whose consumer tells receivers. */
export const noticeQueue = (queue: MessageQueue<NoticeMessage>): NoticeQueue => ({
  async send(messages) {
    for (let at = 0; at < messages.length; at += BATCH) {
      await queue.sendBatch(messages.slice(at, at + BATCH).map((body) => ({ body, contentType: "json" })));
    }
  },
});
