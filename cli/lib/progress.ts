import type { WriteStream } from "node:tty";
import { SECOND, inSeconds } from "../../worker/duration.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";

const WIDTH = 30;

/** The time before a rate is shown: an earlier one is not reliable. Milliseconds. */
const SETTLED = SECOND;

/** How far something is. */
export interface ProgressState {
  readonly done: number;
  readonly of: number;
  readonly unit: "bytes" | "files";
  /** The text after the figures. */
  readonly text: string;
  /** The line that is printed where there is no terminal; undefined: none. */
  readonly line?: string | undefined;
}

/**
 * Shows how far something is: on a terminal a bar with amount, rate and time left, drawn anew in its place; elsewhere each
 * state's `line`.
 *
 * @param now milliseconds, counted from any fixed time
 */
export function showProgress(
  out: Pick<WriteStream, "isTTY" | "columns" | "write">,
  now: () => number = () => performance.now(),
) {
  let drawn = "";
  let first: { readonly at: number; readonly done: number } | undefined;
  let last = 0;
  return {
    show(progress: ProgressState): void {
      const { done, of, unit, text, line } = progress;
      if (!out.isTTY) {
        if (line !== undefined) out.write(`${line}\n`);
        return;
      }
      // Less than before: a new piece of work begins, with a rate of its own.
      if (!first || done < last) first = { at: now(), done };
      last = done;
      const full = Math.round((of === 0 ? 1 : done / of) * WIDTH);
      const amount = unit === "bytes" ? `${sizeText(done)} of ${sizeText(of)}` : `${done} of ${of}`;
      const figures = [amount, ...pace(progress, first, now())].join(", ");
      const bar = `${"#".repeat(full)}${"-".repeat(WIDTH - full)} ${figures} ${text}`.slice(0, (out.columns || 80) - 1);
      if (bar === drawn) return;
      out.write(`\r\u001b[K${bar}`);
      drawn = bar;
    },
    /** Removes the bar. */
    end(): void {
      first = undefined;
      drawn = "";
      if (out.isTTY) out.write("\r\u001b[K");
    },
  };
}

/** Rate and time left, once they are reliable. */
function pace(
  { done, of, unit }: ProgressState,
  first: { readonly at: number; readonly done: number },
  now: number,
): string[] {
  const seconds = inSeconds(now - first.at);
  const rate = (done - first.done) / seconds;
  if (now - first.at < SETTLED || rate <= 0 || done >= of) return [];
  const left = Math.ceil((of - done) / rate);
  const time = left < 100 ? `${left} s left` : `${Math.ceil(left / 60)} min left`;
  return unit === "bytes" ? [`${sizeText(rate)}/s`, time] : [time];
}
