/** uv without a cache, a configuration file or an index of its own. */
import { join } from "node:path";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { run } from "./processes.ts";
import { onProcessor } from "./processors.ts";

export interface Uv {
  /** The directory of an environment's programs, uv and python among them. */
  readonly bin: string;
  /** uv's temporary cache goes here. */
  readonly scratch: string;
  /** The processor that it runs on; undefined: any. */
  readonly processor?: number | undefined;
}

/** Locks the project in `folder` over `index` alone, and says how many seconds that took; throws, with what uv said, where it fails. */
export async function uvLock(folder: string, index: URL, uv: Uv): Promise<number> {
  const { seconds } = await runUv(["lock", "--project", folder], [], index, uv);
  return seconds;
}

/** Runs `uv pip COMMAND` with `args` over `index` alone; throws, with what uv said, where it fails. */
export const uvPip = (command: "compile" | "install", args: readonly string[], index: URL, uv: Uv) =>
  runUv(["pip", command], args, index, uv);

async function runUv(
  command: readonly string[],
  args: readonly string[],
  index: URL,
  { bin, scratch, processor }: Uv,
): Promise<{ readonly seconds: number; readonly output: string }> {
  const options = ["--no-config", "--no-cache", "--no-python-downloads", "--python", join(bin, "python")];
  const begun = performance.now();
  const words = [join(bin, "uv"), ...command, ...options, "--default-index", index.href, ...args];
  const output = await run(onProcessor(processor, words), { env: { ...bareVariables(), TMPDIR: scratch } });
  return { seconds: (performance.now() - begun) / 1000, output };
}
