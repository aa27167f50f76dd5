/**
 * Lets other requests of the isolate run. Long work calls it between pieces that take a few milliseconds each. Pieces
 * are counted by size, not timed: in workerd the clock stands still while code runs.
 */
export const giveWay = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** How much is joined before other requests may run. Characters. */
const STRIDE = 256 * 1024;

/** Joins the pieces of a text, and lets other requests run in between. */
export async function joinText(pieces: Iterable<string>): Promise<string> {
  let text = "";
  let since = 0;
  for (const piece of pieces) {
    text += piece;
    since += piece.length;
    if (since < STRIDE) continue;
    since = 0;
    await giveWay();
  }
  return text;
}
