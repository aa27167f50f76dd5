import { refreshMessage } from "../../schema/refresh.ts";
import { messageOf } from "../errors.ts";
import { again } from "./deliveries.ts";
import type { Consumer, QueueGround } from "./queues.ts";
import type { Context } from "../repository/context.ts";

/** For how long pages whose refresh was given up are not planned anew: their lifetime has them checked. Milliseconds. */
const REST = 24 * 3_600_000;

/** Keeps what `queue` has given up, until somebody has it sent again. */
export const keepDeadLetters =
  (queue: string): Consumer =>
  async (batch, ground, ctx) => {
    for (const message of batch.messages) {
      const what = `message ${message.id} of ${queue}`;
      try {
        await ground.letters.keep({ id: message.id, queue, body: message.body }, ctx.now);
        await rest(message.body, ground, ctx);
        ctx.report({ event: "message-died", what, reason: "it was delivered in vain; the job replay sends it again" });
        message.ack();
      } catch (error) {
        again(message, { event: "storage-failed", what, reason: messageOf(error) }, ctx);
      }
    }
  };

/** The pages stay behind, so that nothing vouches for them, but the next ticks leave them alone. */
async function rest(body: unknown, { sources }: QueueGround, ctx: Context): Promise<void> {
  const { data } = refreshMessage.safeParse(body);
  const behind = data?.cause === "feed" ? sources.get(data.source)?.changes?.behind : undefined;
  if (!data || !behind) return;
  const waiting = await behind.among(data.names);
  if (waiting.size > 0) await behind.queued([...waiting.keys()], ctx.now + REST);
}
