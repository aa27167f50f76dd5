import { messageOf, type IndexError } from "../../errors.ts";
import { lineAt, refusal, shown } from "./text.ts";

/**
 * The error of a text that is no JSON, with the line. The engine says where for some mistakes only, so the first line is
 * looked for with which the text's beginning is broken, and not merely unfinished.
 */
export function brokenJson(name: string, text: string, error: unknown): IndexError {
  // Ends of lines, found as they are needed: with `low` it is whole or unfinished, with `high`, or else the text, broken.
  let low = 0;
  let high = text.length + 1;
  for (let end = endBetween(text, low, high); end !== undefined; end = endBetween(text, low, high)) {
    if (isBroken(text.slice(0, end))) high = end;
    else low = end;
  }
  // What follows in the message is a piece of the text, or a count of characters.
  const why = shown(messageOf(error).replace(/, (?:\.\.\.)?"[\s\S]*| (?:in|after) JSON[\s\S]*/, ""));
  return refusal({ name, line: lineAt(text, low) }, `this is not JSON (${why}); make the file again with its tool.`);
}

/** The end of a line, behind `low` and before `high`, about in the middle of them; undefined where there is none. */
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
