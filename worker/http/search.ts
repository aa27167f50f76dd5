import { IndexError, isUpstreamFailure, messageOf } from "../errors.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import { parseRequirement } from "../pypi/requirement.ts";
import type { Context } from "../repository/context.ts";
import { matchingNames, similarNames, type MatchKind } from "../repository/name-search.ts";
import { inPool } from "../repository/pool.ts";
import type { KnownProjects, ListedNames } from "../repository/ports/known-projects.ts";
import type { Repository } from "../repository/repository.ts";

/** What a search needs of an index. */
export interface SearchedIndex {
  readonly repository: Repository;
  /** The keys of its sources. */
  readonly sources: readonly string[];
  readonly known: KnownProjects;
  readonly names: ListedNames;
  readonly isReserved: (name: ProjectName) => boolean;
}

/** A project that was found. */
export interface FoundProject {
  readonly name: ProjectName;
  readonly kind: MatchKind;
  readonly origin: "hosted" | "stored" | "upstream";
}

/** Why a name is not offered. */
export interface NameRefusal {
  readonly sentence: string;
  /** Whether the index's policy refuses it, and explains that. */
  readonly isExplained: boolean;
  /** Where the rule is written, a sentence. */
  readonly writtenIn?: string | undefined;
}

/** What a search comes to. */
export interface SearchResult {
  /** The text in the form of a normalized name; empty where nothing of it can be in a name. */
  readonly wanted: string;
  /** The best first. */
  readonly found: readonly FoundProject[];
  readonly isCut: boolean;
  /** Why the very name is not offered, although it is one. */
  readonly refusal: NameRefusal | undefined;
  /** Whether names of the sources are not known yet: what is stored here was searched alone. */
  readonly isPartial: boolean;
}

const MAX_RESULTS = 60;

/** How many stored projects are looked at where the listing is not known: each is a read of its page. */
const MAX_LOOKS = 20;

/**
 * A text in the form in which names are compared: lower case, one hyphen for each run of other separators. Of a requirement, such as
 * `demo[fast]>=2`, it is the name.
 */
export const searchedFor = (text: string): string =>
  (parseRequirement(text)?.name ?? text)
    .slice(0, 200)
    .toLowerCase()
    .replace(/[-_.\s]+/g, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/^-|-$/g, "");

/**
 * Searches the projects of an index by their names: the very name first, then what is hosted, what clients have asked for, what is
 * stored, and the rest by where the text stands. Length decides last: a short name that resembles a known one is often made for that.
 *
 * @param ctx of a person who looks
 * @throws IndexError `storage-failed`
 */
export async function search(index: SearchedIndex, text: string, ctx: Context): Promise<SearchResult> {
  const wanted = searchedFor(text);
  if (wanted === "") return { wanted, found: [], isCut: false, refusal: undefined, isPartial: false };
  const [names, hosted] = await Promise.all([namesOf(index, ctx), hostedNames(index, ctx)]);
  const matches = new Map(matchingNames(names ?? "", wanted).map(({ name, kind }) => [name, kind]));
  const own = [...matchingNames(`${[...hosted].join("\n")}\n`, wanted)];
  for (const { name, kind } of own) matches.set(name, kind);
  const known = new Map(
    (await index.known.find(index.sources, wanted, [...matches.keys()])).map((each) => [each.name, each]),
  );
  // A record may be of a project that this index does not show.
  const candidates = [...known.keys()].filter((name) => !matches.has(name));
  const shown = names === undefined ? await thoseShown(index, candidates.slice(0, MAX_LOOKS), ctx) : [];
  for (const name of shown) matches.set(name, name === wanted ? "exact" : "prefix");
  const exact = asProjectName(wanted);
  const refusal = exact && !matches.has(exact) ? await lookedUp(index, exact, matches, ctx) : undefined;
  const all = [...matches].map(([name, kind]) => {
    const { isStored = false, score = 0 } = known.get(name) ?? {};
    const isHosted = hosted.has(name);
    const origin: FoundProject["origin"] = isHosted ? "hosted" : isStored ? "stored" : "upstream";
    return { name, kind, origin, score };
  });
  const sorted = all.toSorted(
    (one, other) =>
      Number(other.kind === "exact") - Number(one.kind === "exact") ||
      Number(other.origin === "hosted") - Number(one.origin === "hosted") ||
      other.score - one.score ||
      Number(other.origin === "stored") - Number(one.origin === "stored") ||
      KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) ||
      one.name.length - other.name.length ||
      (one.name < other.name ? -1 : 1),
  );
  return {
    wanted,
    found: sorted.slice(0, MAX_RESULTS).map(({ name, kind, origin }) => ({ name, kind, origin })),
    isCut: sorted.length > MAX_RESULTS,
    refusal,
    isPartial: names === undefined,
  };
}

/** A word that begins with the text says more than a name that goes on without an end of the word: `http` is in `aio-http`. */
const KINDS: readonly MatchKind[] = ["exact", "word", "prefix", "part"];

/**
 * How many projects that an index itself hosts have a text in their names: what tells it from another one, when both have the same
 * upstream. undefined: that cannot be told now.
 */
export async function countHosted(
  index: Pick<SearchedIndex, "repository">,
  text: string,
  ctx: Context,
): Promise<number | undefined> {
  const wanted = searchedFor(text);
  if (wanted === "") return 0;
  try {
    return matchingNames(`${[...(await hostedNames(index, ctx))].join("\n")}\n`, wanted).length;
  } catch (error) {
    if (error instanceof IndexError) return undefined;
    throw error;
  }
}

/** Names that somebody may have meant; none where the listing is not known. */
export async function meantNames(index: SearchedIndex, name: ProjectName, ctx: Context): Promise<ProjectName[]> {
  try {
    const [names, hosted] = await Promise.all([namesOf(index, ctx), hostedNames(index, ctx)]);
    const similar = similarNames(`${[...hosted].join("\n")}\n${names ?? ""}`, name);
    const known = new Map((await index.known.find(index.sources, name, similar)).map((each) => [each.name, each]));
    const scoreOf = (each: ProjectName) => (hosted.has(each) ? Infinity : (known.get(each)?.score ?? 0));
    return [...new Set(similar)]
      .toSorted((one, other) => scoreOf(other) - scoreOf(one) || (one < other ? -1 : 1))
      .slice(0, 5);
  } catch (error) {
    if (error instanceof IndexError) return [];
    throw error;
  }
}

/**
 * The names that the index lists, each in a line; undefined where its listing is not stored yet. It is then fetched and stored behind
 * the answer, as a client would have it: one object, whoever searches.
 */
async function namesOf({ repository, sources, names }: SearchedIndex, ctx: Context): Promise<string | undefined> {
  try {
    const list = await repository.projects(ctx);
    const { digest } = list.head;
    const known = digest === "" ? undefined : names.get(digest, ctx.now);
    if (known !== undefined) {
      await list.cancel();
      return known;
    }
    if (!list.content.isStored && sources.length > 0) {
      ctx.defer(readThrough(list.entries()));
      return undefined;
    }
    const read = await list.names();
    if (digest !== "") names.set(digest, read, read.length);
    return read;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
    ctx.report({ event: "upstream-failed", what: "the root listing, to search it", reason: messageOf(error) });
    return undefined;
  }
}

/** It is stored while it is read. */
async function readThrough(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

async function hostedNames(
  { repository }: Pick<SearchedIndex, "repository">,
  ctx: Context,
): Promise<ReadonlySet<ProjectName>> {
  const listed = (await repository.hostedFiles("all", ctx)) ?? [];
  return new Set(listed.map(({ project }) => project));
}

/** Those of these projects that the index shows. */
async function thoseShown(
  { repository }: SearchedIndex,
  names: readonly ProjectName[],
  ctx: Context,
): Promise<ProjectName[]> {
  const found = await inPool(6, names, async (name) => {
    const [project] = await Promise.allSettled([repository.project(name, ctx)]);
    if (project.status === "rejected" || !project.value) return [];
    await project.value.page.cancel();
    return [name];
  });
  return found.flat();
}

/**
 * Looks up the very name, which may be newer than the listing; adds it to the matches where the index has it.
 *
 * @returns why it is not offered, where that is for another reason than that it does not exist
 */
async function lookedUp(
  { repository, isReserved }: SearchedIndex,
  name: ProjectName,
  matches: Map<ProjectName, MatchKind>,
  ctx: Context,
): Promise<NameRefusal | undefined> {
  if (isReserved(name)) {
    const sentence = `The name ${name} is reserved here: no upstream is asked for it, and nothing is hosted under it.`;
    return { sentence, isExplained: false };
  }
  try {
    const project = await repository.project(name, ctx);
    await project?.page.cancel();
    if (project) matches.set(name, "exact");
    return undefined;
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    if (error.kind !== "project-blocked") return undefined;
    return { sentence: error.message, isExplained: true, writtenIn: error.writtenIn };
  }
}
