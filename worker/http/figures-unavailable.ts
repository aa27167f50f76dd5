import { IndexError, messageOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";

/** Waits for figures of the database. Where they cannot be read, that is reported, and it rejects with `storage-failed`. */
export async function orUnavailable<Figures>(ctx: Context, figures: Promise<Figures>): Promise<Figures> {
  try {
    return await figures;
  } catch (error) {
    ctx.report({ event: "storage-failed", what: "the figures", reason: messageOf(error) });
    throw new IndexError(
      "storage-failed",
      "The database with the figures cannot be read right now; try again in a moment.",
    );
  }
}
