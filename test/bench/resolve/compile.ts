/** One `uv pip compile` without anything cached: how long it took, and what reached the upstream meanwhile. */
import { join } from "node:path";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { run } from "../harness/processes.ts";
import type { Upstream } from "../harness/upstream.ts";

export interface Resolver {
  /** The directory of an environment's programs, uv and python among them. */
  readonly bin: string;
  /** uv's temporary cache goes here. */
  readonly scratch: string;
  readonly upstream: Upstream;
}

export interface Resolution {
  readonly seconds: number;
  /** `name==version`, one a line. */
  readonly output: string;
  readonly upstreamRequests: number;
}

/** Resolves the requirements in the file `requirements` from `index` alone; throws, with what uv said, where it cannot. */
export async function compile(requirements: string, index: URL, resolver: Resolver): Promise<Resolution> {
  const { bin, scratch, upstream } = resolver;
  const options = ["--no-config", "--no-cache", "--no-python-downloads", "--python", join(bin, "python")];
  const command = [join(bin, "uv"), "pip", "compile", ...options, "--no-header", "--no-annotate"];
  const before = upstream.requests();
  const begun = performance.now();
  const output = await run([...command, "--default-index", index.href, requirements], {
    env: { ...bareVariables(), TMPDIR: scratch },
  });
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, output, upstreamRequests: upstream.requests() - before };
}
