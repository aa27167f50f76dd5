import type { WriteStream } from "node:tty";

const WIDTH = 30;

/** How far something is. */
export interface Progress {
  /** From 0 to 1. */
  readonly share: number;
  /** What stands behind the bar. */
  readonly text: string;
  /** What is worth a line of its own where there is no terminal; undefined: nothing is. */
  readonly line?: string | undefined;
}

/** Shows how far it is: on a terminal a bar that is drawn anew, else a line for what is worth one. */
export function showProgress(out: Pick<WriteStream, "isTTY" | "columns" | "write">) {
  let drawn = "";
  return {
    show({ share, text, line }: Progress): void {
      if (!out.isTTY) {
        if (line !== undefined) out.write(`${line}\n`);
        return;
      }
      const full = Math.round(share * WIDTH);
      const bar = `${"#".repeat(full)}${"-".repeat(WIDTH - full)} ${text}`.slice(0, (out.columns || 80) - 1);
      if (bar === drawn) return;
      out.write(`\r\u001b[K${bar}`);
      drawn = bar;
    },
    /** Leaves the bar behind. */
    end(): void {
      if (out.isTTY) out.write("\r\u001b[K");
    },
  };
}
