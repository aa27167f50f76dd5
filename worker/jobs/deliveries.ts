import type { Context } from "../repository/context.ts";
import type { Event } from "../repository/event.ts";
import * as z from "zod/mini";

/** Before a message is delivered again: doubled with each attempt, 15 minutes in all for six deliveries. Seconds. */
const FIRST_DELAY = 30;

/** The platform waits no longer. Seconds. */
const LONGEST_DELAY = 12 * 3_600;

/** Is done with a message that no further attempt would make good, and says why. */
export function drop(message: Message, event: Event, ctx: Context): void {
  ctx.report(event);
  message.ack();
}

/**
 * Has a message delivered again, later each time, and says why.
 *
 * @param least seconds before which it is of no use, where somebody has said so
 */
export function again(message: Message, event: Event, ctx: Context, least = 0): void {
  ctx.report(event);
  const delaySeconds = Math.min(Math.max(FIRST_DELAY * 2 ** (message.attempts - 1), least), LONGEST_DELAY);
  message.retry({ delaySeconds });
}

/** What is wrong with a message that cannot be read, in one line. */
export const complaintOf = (error: z.core.$ZodError) => z.prettifyError(error).replaceAll("\n", " ");
