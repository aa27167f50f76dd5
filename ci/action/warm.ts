import { annotate, say, summarize } from "./runner.ts";
import { warmLock, type Server } from "./server.ts";

/** What a warm says, as far as it is shown here: see schema/warm.ts. */
interface Line {
  readonly plan?: {
    readonly files: number;
    readonly metadata: number;
    readonly bytes: number;
    readonly missingBytes: number;
  };
  readonly waiting?: string;
  readonly file?: string;
  readonly stored?: number;
  readonly of?: number;
  readonly done?: boolean;
  readonly pending?: readonly string[];
  readonly reasons?: readonly string[];
  readonly seconds?: number;
  readonly problem?: { readonly detail: string };
}

/**
 * Has the files of a lock stored, and writes to the job's summary what was stored before. A failure is a warning: the job can install
 * all the same.
 */
export async function warmForJob(
  server: Server,
  name: string,
  query: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    let plan: Line["plan"];
    for await (const value of warmLock(server, query, body)) {
      const line = value as Line;
      plan = line.plan ?? plan;
      if (line.problem) throw new Error(line.problem.detail);
      if (line.waiting !== undefined) say(`Waiting: ${line.waiting}`);
      if (line.file !== undefined) say(`${line.stored} of ${line.of} stored: ${line.file}`);
      if (line.done === false) throw new Error(unfinished(line));
      if (line.done && plan) summarize(row(name, plan, line.seconds ?? 0));
    }
  } catch (error) {
    annotate("warning", `${name} could not be warmed: ${(error as Error).message}`);
    summarize(`\`${name}\` could not be warmed; the log of the step has the reason.`);
  }
}

/** The first ten of each: an annotation is short. */
const unfinished = ({ pending = [], reasons = [] }: Line) =>
  [`Not stored: ${pending.slice(0, 10).join(", ")}.`, ...reasons.slice(0, 10)].join(" ");

function row(
  name: string,
  { files, metadata, bytes, missingBytes }: NonNullable<Line["plan"]>,
  seconds: number,
): string {
  const before = `${megabytes(bytes - missingBytes)} of ${megabytes(bytes)}`;
  return `\`${name}\`: ${files} files and ${metadata} .metadata are stored. ${before} were before, and came from no upstream; ${seconds} s.`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The platform of a runner, as the platform tag of the newest wheels that fit it; undefined for one that is not known. */
export function platformOf(system: string, architecture: string): string | undefined {
  const isArm = architecture === "ARM64";
  if (system === "Linux") return isArm ? "linux_aarch64" : "linux_x86_64";
  if (system === "Windows") return isArm ? "win_arm64" : "win_amd64";
  return system === "macOS" ? `macosx_26_0_${isArm ? "arm64" : "x86_64"}` : undefined;
}
