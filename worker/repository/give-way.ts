/**
 * Lets the other requests of the isolate go on. Long work calls it between pieces of a counted size, a few milliseconds each:
 * the clock stands still in workerd while code runs, so that a loop cannot see how long it has taken.
 */
export const giveWay = (): Promise<void> => scheduler.wait(0);

/** More pieces in a row would keep other requests waiting for longer than they should. Characters. */
const STRIDE = 256 * 1024;

/** The pieces of a text as one, other requests let in between. */
export async function joined(pieces: Iterable<string>): Promise<string> {
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
