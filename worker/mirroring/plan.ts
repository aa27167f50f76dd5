import { fileLabel, refOf } from "../pypi/file-url.ts";
import { matcher } from "../pypi/pattern.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Context } from "../repository/context.ts";
import { inPool } from "../repository/pool.ts";
import type { MirrorEntry } from "../repository/ports/mirror.ts";
import type { SourceMirror } from "./ports.ts";
import { selecting, listedBytes, type Selection } from "./select-files.ts";

/** Pages that one plan reads: Cloudflare allows a request 10,000 calls of other services, and a page takes about seven. */
const MAX_READ = 300;

/** Pages that are read at the same time. */
const AT_ONCE = 4;

/** What entries would have mirrored. Sizes in bytes. */
export interface MirrorPlan {
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
  readonly metadata: number;
  readonly leftOut: number;
  readonly stored: number;
  readonly storedBytes: number;
  readonly unsized: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly read: number;
  readonly absent: readonly string[];
  readonly requests: number;
  readonly seconds: number;
}

interface Planned {
  readonly selection: Selection;
  readonly stored: number;
  readonly storedBytes: number;
}

/**
 * Finds out what entries would have mirrored, without what that requires. Pages are read, and stored; no file is fetched. Of more
 * projects than one request can read, some are chosen at random, and the sums follow from these.
 *
 * @throws `upstream-failed`
 */
export async function planMirror(
  mirror: SourceMirror,
  entries: readonly MirrorEntry[],
  ctx: Context,
): Promise<MirrorPlan> {
  const { source, config, work } = mirror;
  const select = selecting(config.filters);
  const matched = entries.map((entry) => ({ ...entry, matches: matcher(entry.pattern) }));
  const { names, projects } = await namesOf(mirror, matched, ctx);
  const absent: string[] = [];
  const planned = await inPool(AT_ONCE, names, async (name): Promise<Planned | undefined> => {
    const found = await source.repository.project(name, ctx);
    if (!found) {
      absent.push(name);
      return undefined;
    }
    const specifiers = matched.filter(({ matches }) => matches(name)).map((entry) => entry.specifiers);
    const selection = select(await found.page.model(), specifiers, ctx.now);
    const { stored } = await work.state(name);
    const here = selection.wanted.filter((entry) => stored.has(fileLabel(refOf(entry, "file"))));
    const siblings = selection.wanted.filter((entry) => stored.has(fileLabel(refOf(entry, "metadata"))));
    return { selection, stored: here.length + siblings.length, storedBytes: listedBytes(here) };
  });
  const found = planned.filter((each) => each !== undefined);
  const scale = names.length === 0 ? 0 : projects / names.length;
  const sum = (of: (each: Planned) => number) => Math.round(found.reduce((total, each) => total + of(each), 0) * scale);
  const files = sum(({ selection }) => selection.wanted.length);
  const metadata = sum(({ selection }) => selection.wanted.filter((entry) => entry["core-metadata"]).length);
  const stored = sum((each) => each.stored);
  const reasons: Record<string, number> = {};
  for (const { selection } of found) {
    for (const [reason, count] of selection.leftOut)
      reasons[reason] = (reasons[reason] ?? 0) + Math.round(count * scale);
  }
  const requests = projects + files + metadata - stored;
  return {
    projects,
    files,
    bytes: sum(({ selection }) => listedBytes(selection.wanted)),
    metadata,
    leftOut: Object.values(reasons).reduce((total, count) => total + count, 0),
    stored,
    storedBytes: sum((each) => each.storedBytes),
    unsized: sum(({ selection }) => selection.wanted.filter(({ size }) => size === undefined).length),
    reasons,
    read: names.length,
    absent: absent.toSorted(),
    requests,
    seconds: Math.ceil(requests / config.requestsPerSecond),
  };
}

/** The projects that entries ask for, or some of them, and how many there are in all. */
async function namesOf(
  { source, mayHave }: SourceMirror,
  entries: readonly (MirrorEntry & { readonly matches: (name: ProjectName) => boolean })[],
  ctx: Context,
): Promise<{ names: readonly ProjectName[]; projects: number }> {
  const [patterns, named] = [true, false].map((is) => entries.filter(({ pattern }) => pattern.includes("*") === is));
  const sample = new Sample<ProjectName>(MAX_READ);
  const own = new Set(named?.map(({ pattern }) => pattern as ProjectName));
  for (const name of own) sample.add(name);
  if (patterns && patterns.length > 0) {
    const listing = await source.repository.projects(ctx);
    for await (const batch of listing.entries()) {
      for (const { name } of batch) {
        if (!own.has(name) && mayHave(name) && patterns.some(({ matches }) => matches(name))) sample.add(name);
      }
    }
  }
  return { names: sample.chosen, projects: sample.seen };
}

/** Chooses some of any number of items, each with the same chance (reservoir sampling). */
class Sample<Item> {
  readonly chosen: Item[] = [];
  seen = 0;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  add(item: Item): void {
    this.seen += 1;
    if (this.chosen.length < this.#size) this.chosen.push(item);
    else {
      const at = Math.floor(Math.random() * this.seen);
      if (at < this.#size) this.chosen[at] = item;
    }
  }
}
