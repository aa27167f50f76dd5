import { refreshMessage } from "../../schema/refresh.ts";
import { DAY } from "../duration.ts";
import { messageOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { retryMessage } from "./delivery.ts";
import type { Consumer, ConsumerServices } from "./consumer.ts";

/** Pages whose refresh was given up are not queued for so long: they are revalidated when their lifetime ends. Milliseconds. */
const REST = DAY;

/** Stores the messages that a queue has given up; the job `replay` sends them again. */
export const keepDeadLetters: Consumer = async (batch, services, ctx) => {
  const queue = batch.queue.replace(/-dead$/, "");
  for (const message of batch.messages) {
    const what = `message ${message.id} of ${queue}`;
    try {
      await services.letters.keep({ id: message.id, queue, body: message.body }, ctx.now);
      await rest(message.body, services, ctx);
      ctx.report({
        event: "message-died",
        what,
        reason: "each of its deliveries failed; the job replay sends it again",
      });
      message.ack();
    } catch (error) {
      retryMessage(message, { event: "storage-failed", what, reason: messageOf(error) }, ctx);
    }
  }
};

/** The pages stay marked as outdated, so that the change log does not confirm them, but the next ticks do not queue them. */
async function rest(body: unknown, { sources }: ConsumerServices, ctx: Context): Promise<void> {
  const { data } = refreshMessage.safeParse(body);
  const behind = data?.cause === "feed" ? sources.get(data.source)?.changes?.behind : undefined;
  if (!data || !behind) return;
  const waiting = await behind.among(data.names);
  if (waiting.size > 0) await behind.queued([...waiting.keys()], ctx.now + REST);
}
