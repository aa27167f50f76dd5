import { DAY, HOUR, MINUTE, SECOND } from "../../worker/duration.ts";
import type { PricedKind } from "../../schema/operations.ts";
import type { Scenario } from "../../schema/scenario.ts";
import { distinct, hitRatio, passing, zipfShares } from "./zipf.ts";

/** A month, as the bill has it here. Days. */
export const MONTH = 30;

/** How long a page, a `.metadata` and a hosted page are in an isolate's memory. Milliseconds. */
const IN_MEMORY = { page: 5 * SECOND, metadata: 50 * SECOND, hostedPage: MINUTE };

/**
 * How long an isolate uses what it has read of whose names are and of what tokens allow. That the isolates of a data centre share
 * it is left out. Milliseconds.
 */
const SNAPSHOTS = 700;

/**
 * How long a page is at the edge; how long its copy in the data centre's cache is used; and for how long it is known which pages have
 * changed, which is read again a little earlier by whoever asks then. Milliseconds.
 */
const AT_EDGE = MINUTE;
const COPIED = 357 * MINUTE;
const CHANGES = { used: 30 * SECOND, renewed: 25 * SECOND };

/** How often an isolate writes what it has gathered, and how often the use of a file is recorded. Milliseconds. */
const GATHERED = 5 * MINUTE;
const USE_RECORDED = HOUR;

/** Counters that an isolate has gathered when it writes them: kinds of addresses, statuses, and where answers came from. */
const COUNTERS = 12;

/** One of so many requests for a project is gathered, in an isolate that is asked much (worker/storage/d1/popularity.ts). */
const SAMPLE = 16;

/** A month of a scenario. */
export interface Month {
  /** How often each kind happens. */
  readonly kinds: Readonly<Partial<Record<PricedKind, number>>>;
  /** All requests, and those that the edge answers. */
  readonly requests: number;
  readonly edge: number;
}

/** How often each kind of request, cron tick, message and write happens in a month of this scenario. */
export function monthOf(scenario: Scenario): Month {
  const { users, installs, isolates, dataCentres, install, projects, upstream, hosted, edge, stored, index } = scenario;
  const all = users * installs * MONTH;
  const asked = { pages: all * install.pages, metadata: all * install.metadata, files: all * install.files };
  const isTeam = index === "team";
  const ours = isTeam ? hosted.share : 0;
  /** Requests of a family that reach the worker, and those of them that are for mirrored files. */
  const reaching = (count: number, byEdge: number) => count * (1 - byEdge);
  const pages = reaching(asked.pages, edge.pages);
  const metadata = reaching(asked.metadata, edge.files);
  const files = reaching(asked.files, edge.files);
  const shares = zipfShares(projects.count, projects.zipf);
  /** Of so many a month, those that one isolate is asked for in a time, in milliseconds. */
  const within = (count: number, time: number) => (count / isolates / MONTH / DAY) * time;
  const inMemory = (count: number, time: number) => hitRatio(shares, within(count, time));

  const cold = {
    pages: Math.min(pages, upstream.newPages * MONTH),
    metadata: Math.min(metadata, upstream.newFiles * MONTH),
    files: Math.min(files, upstream.newFiles * MONTH),
  };
  const warm = {
    pages: Math.max(0, pages * (1 - ours) - cold.pages),
    metadata: Math.max(0, metadata * (1 - ours) - cold.metadata),
    files: Math.max(0, files * (1 - ours) - cold.files),
  };
  const remembered = {
    pages: warm.pages * inMemory(pages, IN_MEMORY.page),
    metadata: warm.metadata * inMemory(metadata, IN_MEMORY.metadata),
    hosted: pages * ours * inMemory(pages, IN_MEMORY.hostedPage),
  };
  const unremembered = warm.pages - remembered.pages;
  const fromCopies = unremembered * copied();
  const uploads = isTeam ? hosted.uploads * MONTH : 0;
  const releases = upstream.releases * MONTH;
  const reached = pages + metadata + files + uploads;
  const minutes = (MONTH * DAY) / MINUTE;
  const flushes = (MONTH * DAY) / GATHERED;
  const kinds: Partial<Record<PricedKind, number>> = {
    "page, not stored": cold.pages,
    "metadata, not stored": cold.metadata,
    "file, not stored": cold.files,
    [isTeam ? "team: page, memory" : "page, memory"]: remembered.pages,
    [isTeam ? "team: page, cache" : "page, cache, confirmed by the change log"]: fromCopies,
    [isTeam ? "team: page, KV" : "page, KV, confirmed by the change log"]: unremembered - fromCopies,
    "changed pages": lists(),
    "changed pages, each": lists() * upstream.releases * (COPIED / DAY),
    [isTeam ? "team: metadata, memory" : "metadata, memory"]: remembered.metadata,
    [isTeam ? "team: metadata, R2" : "metadata, R2"]: warm.metadata - remembered.metadata,
    [isTeam ? "team: file, R2" : "file, R2"]: warm.files,
    "team: hosted page": pages * ours - remembered.hosted,
    "team: hosted page, memory": remembered.hosted,
    "team: hosted file": (metadata + files) * ours,
    "team: upload": uploads,
    "team: snapshots": isTeam ? reached / (1 + within(reached, SNAPSHOTS)) : 0,
    "cron: each minute": Math.max(0, minutes - releases),
    "cron: each minute, a page has changed": Math.min(minutes, releases),
    "cron: each 5 minutes": minutes / 5,
    "cron: each hour": minutes / 60,
    "cron: each hour, for each stored file": (minutes / 60) * stored.files,
    "message: a page": releases,
    "message: a file": upstream.prefetched * MONTH,
    "gathered: a counter": isolates * flushes * COUNTERS,
    "gathered: a project that was asked for": isolates * flushes * distinct(shares, within(pages, GATHERED) / SAMPLE),
    "gathered: a file that was given": usesRecorded(),
  };
  const requests = asked.pages + asked.metadata + asked.files + uploads;
  return { kinds, requests, edge: requests - uploads - pages - metadata - files };

  /** Pages that one data centre asks the cache for within a time, on average. */
  function askedThere(time: number): number {
    return (pages / dataCentres / MONTH / DAY) * time;
  }

  /** How often a data centre knows which pages have changed, and has a copy that is young enough. */
  function copied(): number {
    const passed = edge.pages > 0 ? passing(shares, (asked.pages / MONTH / DAY) * AT_EDGE) : shares;
    const known = askedThere(CHANGES.used) / (1 + askedThere(CHANGES.used));
    return known * hitRatio(passed, askedThere(COPIED));
  }

  /** How often all data centres together read which pages have changed. */
  function lists(): number {
    return Math.min(pages, ((MONTH * DAY) / CHANGES.renewed) * dataCentres);
  }

  /** Each project is taken to have one file, and one `.metadata`, that is asked for; all isolates together record a use. */
  function usesRecorded(): number {
    const hours = (MONTH * DAY) / USE_RECORDED;
    return hours * (distinct(shares, metadata / hours) + distinct(shares, files / hours));
  }
}
