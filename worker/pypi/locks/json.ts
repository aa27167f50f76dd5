import { messageOf, type IndexError } from "../../errors.ts";
import { refusal, shown } from "./text.ts";

/**
 * The error of a text that is no JSON, with the line. The engine says where for some mistakes only, so the first line is
 * looked for with which the text's beginning is broken, and not merely unfinished.
 */
export function brokenJson(name: string, text: string, error: unknown): IndexError {
  const ends = [...text.matchAll(/\n|$/g)].map(({ index }) => index + 1);
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBroken(text.slice(0, ends[middle]))) high = middle;
    else low = middle + 1;
  }
  // What follows in the message is a piece of the text, or a count of characters.
  const why = shown(messageOf(error).replace(/, (?:\.\.\.)?"[\s\S]*| (?:in|after) JSON[\s\S]*/, ""));
  return refusal({ name, line: low + 1 }, `this is not JSON (${why}); make the file again with its tool.`);
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
