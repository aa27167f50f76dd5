import type { WriteStream } from "node:tty";
import type { WarmProgress } from "../../schema/warm.ts";

const WIDTH = 30;

/** Shows how far it is: on a terminal a bar that is drawn anew, else a line for each file. */
export function showProgress(out: Pick<WriteStream, "isTTY" | "columns" | "write">) {
  return {
    show({ stored, of, file }: WarmProgress): void {
      if (!out.isTTY) {
        if (file !== undefined) out.write(`${stored} of ${of} stored: ${file}\n`);
        return;
      }
      const full = of === 0 ? WIDTH : Math.round((stored / of) * WIDTH);
      const bar = `${"#".repeat(full)}${"-".repeat(WIDTH - full)} ${stored} of ${of} ${file ?? ""}`;
      out.write(`\r\u001b[K${bar.slice(0, (out.columns || 80) - 1)}`);
    },
    /** Leaves the bar behind. */
    end(): void {
      if (out.isTTY) out.write("\r\u001b[K");
    },
  };
}
