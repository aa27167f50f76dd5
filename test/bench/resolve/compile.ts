/** One `uv pip compile` without anything cached: how long it took, and what reached the upstream meanwhile. */
import type { Upstream } from "../harness/upstream.ts";
import { type Uv, uvPip } from "../harness/uv.ts";

export interface Resolver extends Uv {
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
  const before = resolver.upstream.requests();
  const args = ["--no-header", "--no-annotate", requirements];
  const { seconds, output } = await uvPip("compile", args, index, resolver);
  return { seconds, output, upstreamRequests: resolver.upstream.requests() - before };
}
