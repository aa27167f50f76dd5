import { noticeMessage } from "../../schema/notify.ts";
import type { Delivered } from "../platform/queues.ts";
import type { Context } from "../repository/context.ts";
import type { Notices } from "../repository/ports/notices.ts";
import type { Consumer } from "./consumer.ts";
import { dropMessage, readMessage, retryMessage } from "./delivery.ts";

/** Tells receivers what the messages say. Where one does not take it, the message comes again, later each time. */
export const tellReceivers: Consumer = async (batch, { notices }, ctx) => {
  await Promise.all(batch.messages.map((message) => tell(message, notices, ctx)));
};

async function tell(message: Delivered, { receivers }: Notices, ctx: Context): Promise<void> {
  const said = readMessage(message, noticeMessage, "notice-dropped", ctx);
  if (!said) return;
  const receiver = receivers.find(({ url }) => url === said.url);
  if (!receiver) {
    const reason = "its receiver is no longer in NOTIFY";
    dropMessage(message, { event: "notice-dropped", what: `message ${message.id}`, reason }, ctx);
    return;
  }
  const reason = await receiver.send(said.notice, ctx.now);
  if (reason === undefined) message.ack();
  else retryMessage(message, { event: "notice-delayed", what: receiver.host, reason }, ctx);
}
