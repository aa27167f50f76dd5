import type { ShownMirror, ShownMirrorPlan } from "../../schema/mirror-api.ts";
import { PRICES, type Line } from "../../schema/prices.ts";
import { DAY, HOUR, MINUTE, SECOND, inSeconds } from "../../worker/duration.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";

/** Absent projects that are named. */
const NAMED = 10;

const number = (count: number) => count.toLocaleString("en");

/** A duration for a person. `time` in milliseconds. */
export function duration(time: number): string {
  if (time < 2 * MINUTE) return `${Math.ceil(inSeconds(time))} s`;
  if (time < 2 * HOUR) return `${Math.ceil(time / MINUTE)} min`;
  return time < 2 * DAY ? `${Math.ceil(time / HOUR)} h` : `${Math.ceil(time / DAY)} days`;
}

/** How far a mirror is, as lines of text. `now` in milliseconds since the epoch. */
export function statusLines(mirror: ShownMirror, now: number): string[] {
  const { source, serve, entries, projects, files, missing, errors, run } = mirror;
  if (entries === 0 && projects === 0) return [`${source}: nothing is mirrored; pypi-edge mirror add says what is.`];
  const lines = [
    `${source}: ${counted(projects, "project")}, ${counted(files, "file")} (${sizeText(mirror.bytes)}), by ${counted(entries, "entry", "entries")}; serve = "${serve}".`,
  ];
  if (mirror.leftOut > 0) lines.push(`The filters leave out ${counted(mirror.leftOut, "file")}.`);
  lines.push(...progressLines(mirror, now));
  if (errors > 0)
    lines.push(
      `${number(errors)} failed the last time: pypi-edge mirror errors shows the reasons. They are tried again.`,
    );
  else if (missing === 0 && mirror.isIdle) lines.push("All of it is stored.");
  if (run?.retry) lines.push(`The upstream is asked again at ${run.retry}: ${run.failure ?? "it asked for a pause"}.`);
  if (run?.ceiling) lines.push(run.ceiling);
  return lines.map(escaped);
}

function progressLines(
  { missing, missingBytes, due, dueSince, unexamined, isIdle, run, requestsPerSecond }: ShownMirror,
  now: number,
) {
  const lines: string[] = [];
  if (missing > 0) lines.push(`${number(missing)} files and .metadata are not stored yet (${sizeText(missingBytes)}).`);
  if (due > 0 && dueSince) {
    const late = duration(now - Date.parse(dueSince));
    lines.push(
      `${number(due)} projects are to be looked at, ${number(unexamined)} for the first time; the first for ${late}.`,
    );
  }
  if (!run) return lines;
  const took = Math.max(Date.parse(run.heard) - Date.parse(run.began), SECOND);
  const rate = run.requests / inSeconds(took);
  const did = `${counted(run.requests, "request")}, ${number(run.files)} files and .metadata (${sizeText(run.bytes)}) in ${duration(took)}`;
  lines.push(
    `${run.isUnderWay ? "This run so far" : "The last run"}: ${did}; ${rate.toFixed(1)} requests a second, of ${requestsPerSecond}.`,
  );
  if (!isIdle && due + missing > 0 && rate > 0) {
    lines.push(`At that rate, what is known now takes ${duration(((due + missing) / rate) * SECOND)} more.`);
  }
  return lines;
}

/** What entries would have mirrored, as lines of text. */
export function planLines(plan: ShownMirrorPlan): string[] {
  const { projects, read, files, metadata, stored, storedBytes, leftOut, reasons, unsized, absent } = plan;
  const sizes = `${sizeText(plan.bytes)}${unsized === 0 ? "" : ` and ${counted(unsized, "file")} of unknown size`}`;
  const lines = [
    `${counted(projects, "project")}: ${counted(files, "file")} (${sizes}) and ${number(metadata)} .metadata.`,
  ];
  if (read < projects) lines.push(`These figures follow from ${counted(read, "project")} that were chosen at random.`);
  if (absent.length > 0) {
    const more = absent.length > NAMED ? ` and ${number(absent.length - NAMED)} more` : "";
    lines.push(`The upstream does not have: ${absent.slice(0, NAMED).join(", ")}${more}.`);
  }
  if (leftOut > 0) {
    const by = Object.entries(reasons).map(([reason, count]) => `${reason} ${number(count)}`);
    lines.push(`The filters leave out ${counted(leftOut, "file")}: ${by.join(", ")}.`);
  }
  if (stored > 0) lines.push(`Of these, ${number(stored)} files and .metadata are stored (${sizeText(storedBytes)}).`);
  lines.push(
    `To fetch: ${sizeText(plan.bytes - storedBytes)}, by ${counted(plan.requests, "request")} of the upstream; ${duration(plan.seconds * SECOND)} at the pace that is configured.`,
  );
  const { once, monthly } = dollarsOf(plan);
  lines.push(
    `On Cloudflare: $${once.toFixed(2)} once, and $${monthly.toFixed(2)} a month for what is stored, beyond what is included.`,
  );
  return lines.map(escaped);
}

/** Rows that storing one object writes: itself, its index, the sum of all, and that it is kept. */
const ROWS_AN_OBJECT = 6;

const GB = 1_000_000_000;

type PlannedAmounts = Pick<ShownMirrorPlan, "files" | "metadata" | "projects" | "bytes" | "stored">;

/** What a plan costs on Cloudflare beyond what the paid plan includes, in dollars. */
export function dollarsOf({ files, metadata, projects, bytes: size, stored }: PlannedAmounts) {
  const beyond = (line: Line, used: number) =>
    (Math.max(0, used - PRICES[line].included) / PRICES[line].per) * PRICES[line].dollars;
  const objects = files + metadata - stored;
  return {
    once:
      beyond("r2ClassA", objects) +
      beyond("r2ClassB", objects) +
      beyond("rowsWritten", objects * ROWS_AN_OBJECT + projects * 4) +
      beyond("kvWrites", projects),
    monthly: beyond("r2Storage", size / GB),
  };
}
