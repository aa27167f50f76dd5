import { mirrorMessage } from "../../schema/mirror.ts";
import { messageOf } from "../errors.ts";
import { runMirror } from "../mirroring/run.ts";
import type { Consumer } from "./consumer.ts";
import { dropMessage, readMessage } from "./delivery.ts";

/** A run that has broken off has ended by then. Seconds. */
const BUSY = 90;

/**
 * Goes on with the mirrors that the messages name, and sends another message where there is more to do. A message that finds
 * another run at work is delivered again once, after a time in which a run that was broken off is known to have ended. No other
 * message is: the job `mirror` finds in the database what is left.
 */
export const fillMirrors: Consumer = async (batch, { mirrors, clock }, ctx) => {
  for (const message of batch.messages) {
    const said = readMessage(message, mirrorMessage, "mirror-dropped", ctx);
    if (!said) continue;
    const mirror = mirrors.get(said.source);
    if (!mirror) {
      const reason = `no index here mirrors ${said.source}`;
      dropMessage(message, { event: "mirror-dropped", what: `message ${message.id}`, reason }, ctx);
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
