import { projectCandidates } from "../pypi/filename.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import { matcher } from "../pypi/pattern.ts";
import type { ProjectName } from "../pypi/name.ts";
import { mergeListings } from "./merge-listings.ts";
import type { Layer } from "../repository/repository.ts";

/** Returns a function that tells whether a name is reserved: no upstream is ever asked for it. */
export function reservedBy(patterns: readonly string[]): (name: ProjectName) => boolean {
  const matchers = patterns.map(matcher);
  return (name) => matchers.some((matches) => matches(name));
}

/**
 * Never asks the upstreams below for a name that matches one of these patterns, and leaves such names out of the root
 * listing.
 */
export function reserveNames(patterns: readonly string[]): Layer {
  if (patterns.length === 0) return (inner) => inner;
  const isReserved = reservedBy(patterns);
  const routing = fingerprint(JSON.stringify(patterns));
  return (inner) => ({
    projects: (ctx) => mergeListings([{ repository: inner, has: (name) => !isReserved(name) }], routing, ctx),
    project: async (name, ctx, demand) => (isReserved(name) ? null : inner.project(name, ctx, demand)),
    document: async (request, ctx) => (isReserved(request.ref.project) ? null : inner.document(request, ctx)),
    async file(request, ctx) {
      const all = request.candidates ?? projectCandidates(request.ref.filename);
      const candidates = all.filter((name) => !isReserved(name));
      const admits = async (name: ProjectName) => !isReserved(name) && (await request.admits?.(name)) !== false;
      return inner.file({ ...request, candidates, admits }, ctx);
    },
    hostedFiles: (of, ctx) => inner.hostedFiles(of, ctx),
  });
}
