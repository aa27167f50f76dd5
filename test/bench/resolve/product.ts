/** pypi-edge before and after it has what a resolution needs. */
import { setTimeout as sleep } from "node:timers/promises";
import { decoded, request } from "../harness/http.ts";
import type { Upstream } from "../harness/upstream.ts";
import type { Resolution } from "./compile.ts";

const TRIES = 10;
const QUIET_MS = 1_000;
const STORE_MS = 60_000;

/** Resolves until nothing goes upstream any more; throws if that does not come. */
export async function warm(resolve: () => Promise<Resolution>, upstream: Upstream): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const { upstreamRequests } = await resolve();
    await untilQuiet(upstream);
    if (upstreamRequests === 0) return;
  }
  throw new Error(`pypi-edge still asks its upstream after ${TRIES} resolutions`);
}

/** Waits until the upstream has been left alone for a while: files are stored behind the answers. */
export async function untilQuiet(upstream: Upstream): Promise<void> {
  const deadline = performance.now() + STORE_MS;
  let requests: number;
  do {
    requests = upstream.requests();
    await sleep(QUIET_MS);
  } while (upstream.requests() > requests && performance.now() < deadline);
}

/** How many of the projects' pages name metadata, which their upstream does not. */
export async function pagesWithMetadata(simple: URL, projects: readonly string[]): Promise<number> {
  let count = 0;
  for (const project of projects) {
    const answer = await request(new URL(`${project}/`, simple), { Accept: "application/vnd.pypi.simple.v1+json" });
    const { files } = JSON.parse(decoded(answer).toString("utf8")) as { files: Record<string, unknown>[] };
    if (files.some((file) => file["core-metadata"] !== undefined && file["core-metadata"] !== false)) count++;
  }
  return count;
}
