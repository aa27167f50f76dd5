/** The two tables: how long a resolution takes each way, and how the ways stand to one another. */
import { figure, median, spread, table } from "../harness/statistics.ts";
import type { Resolution } from "./compile.ts";

/** One way to resolve, with all its rounds. */
export interface Way {
  readonly title: string;
  readonly resolutions: Resolution[];
}

const TARGET = 2;

export function secondsTable(packages: number, ways: readonly Way[]): string {
  return table(
    [`uv pip compile, ${packages} packages, nothing cached by uv`, "s", "requests upstream"],
    ways.map(({ title, resolutions }) => {
      const seconds = resolutions.map((one) => one.seconds);
      const requests = median(resolutions.map((one) => one.upstreamRequests));
      return [title, spread(seconds), figure(requests)];
    }),
  );
}

/** @param idle uv with nothing to resolve: what neither index can do anything about */
export function ratioTable(direct: Way, warm: Way, idle: Way): string {
  const ratio = secondsOf(direct) / secondsOf(warm);
  const without = (secondsOf(direct) - secondsOf(idle)) / (secondsOf(warm) - secondsOf(idle));
  return table(
    [`${direct.title} ÷ ${warm.title}`, "ratio", "target", "result"],
    [
      ["as it is", figure(ratio), `≥ ${TARGET}`, ratio >= TARGET ? "met" : "**missed**"],
      ["less uv's own start", figure(without), "–", "–"],
    ],
  );
}

function secondsOf({ resolutions }: Way): number {
  return median(resolutions.map(({ seconds }) => seconds));
}
