import { messageOf, type IndexError } from "../../errors.ts";
import { lineAt, refusal, shown } from "./text.ts";

/**
 * The error for a text that is not JSON, with the line. The engine gives a position for some errors only, so this searches for the
 * first line after which the text up to there is invalid, and not only incomplete.
 */
export function brokenJson(name: string, text: string, error: unknown): IndexError {
  // A binary search over line ends: up to `low` the text is valid or incomplete, up to `high` it is invalid.
  let low = 0;
  let high = text.length + 1;
  for (let end = endBetween(text, low, high); end !== undefined; end = endBetween(text, low, high)) {
    if (isBroken(text.slice(0, end))) high = end;
    else low = end;
  }
  // The rest of the engine's message is a piece of the text, or a position.
  const why = shown(messageOf(error).replace(/, (?:\.\.\.)?"[\s\S]*| (?:in|after) JSON[\s\S]*/, ""));
  return refusal({ name, line: lineAt(text, low) }, `this is not JSON (${why}); make the file again with its tool.`);
}

/** A line end between `low` and `high`, near their middle; undefined where there is none. */
function endBetween(text: string, low: number, high: number): number | undefined {
  const middle = (low + high) >> 1;
  const before = text.lastIndexOf("\n", middle - 1) + 1;
  const end = before > low ? before : text.indexOf("\n", middle) + 1;
  return end > low && end < high ? end : undefined;
}

function isBroken(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    const message = messageOf(error);
    const at = / at position (\d+)/.exec(message)?.[1];
    return !message.startsWith("Unexpected end") && (at === undefined || Number(at) < beginning.length);
  }
}
