import * as z from "zod/mini";
import type { Delivered } from "../platform/queues.ts";
import { HOUR, inSeconds } from "../duration.ts";
import type { Event } from "../repository/event.ts";
import type { Context } from "../repository/context.ts";

/** Wait before the second delivery of a message; it doubles with each attempt: 15 minutes in all for six deliveries. Seconds. */
const FIRST_DELAY = 30;

/** The longest wait that the platform allows. Seconds. */
const LONGEST_DELAY = inSeconds(12 * HOUR);

/** Acknowledges a message that will fail at every delivery, and reports why. */
export function dropMessage(message: Delivered, event: Event, ctx: Context): void {
  ctx.report(event);
  message.ack();
}

/**
 * Has a message delivered again, later each time, and reports why.
 *
 * @param least seconds that it must wait, where the upstream said so
 */
export function retryMessage(message: Delivered, event: Event, ctx: Context, least = 0): void {
  ctx.report(event);
  const delaySeconds = Math.min(Math.max(FIRST_DELAY * 2 ** (message.attempts - 1), least), LONGEST_DELAY);
  message.retry({ delaySeconds });
}

/** What a message says; undefined where it cannot be read: it is then dropped, and `event` reported. */
export function readMessage<Body>(
  message: Delivered,
  schema: z.ZodMiniType<Body>,
  event: Event["event"],
  ctx: Context,
): Body | undefined {
  const { data, error } = schema.safeParse(message.body);
  if (error) {
    const reason = z.prettifyError(error).replaceAll("\n", " ");
    dropMessage(message, { event, what: `message ${message.id}`, reason }, ctx);
  }
  return data;
}
