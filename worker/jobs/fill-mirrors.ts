import { mirrorMessage } from "../../schema/mirror.ts";
import { messageOf } from "../errors.ts";
import { runMirror } from "../mirroring/run.ts";
import type { Consumer } from "./consumer.ts";
import { dropMessage, invalidMessageReason } from "./delivery.ts";

/** A run that has broken off has ended by then. Seconds. */
const BUSY = 90;

/**
 * Goes on with the mirrors that the messages name, and sends another message where there is more to do. A message that finds
 * another run at work comes again once, when that run has ended if it has broken off. Others never do: the job `mirror` finds in the
 * database what is left.
 */
export const fillMirrors: Consumer = async (batch, { mirrors, clock }, ctx) => {
  for (const message of batch.messages) {
    const dropped = (what: string, reason: string) =>
      dropMessage(message, { event: "mirror-dropped", what, reason }, ctx);
    const parsed = mirrorMessage.safeParse(message.body);
    if (!parsed.success) {
      dropped(`message ${message.id}`, invalidMessageReason(parsed.error));
      continue;
    }
    const mirror = mirrors.get(parsed.data.source);
    if (!mirror) {
      dropped(`message ${message.id}`, `no index here mirrors ${parsed.data.source}`);
      continue;
    }
    const { name } = mirror.source;
    try {
      const end = await runMirror(mirror, clock, ctx);
      if (end?.failure !== undefined) ctx.report({ event: "mirror-delayed", what: name, reason: end.failure });
      if (end?.hasMore) await mirror.queue.send();
      if (!end && message.attempts === 1) {
        message.retry({ delaySeconds: BUSY });
        continue;
      }
    } catch (error) {
      ctx.report({ event: "storage-failed", what: `the mirror of ${name}`, reason: messageOf(error) });
    }
    message.ack();
  }
};
