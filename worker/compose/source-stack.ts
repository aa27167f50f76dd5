import type { UpstreamConfig } from "../../schema/upstreams.ts";
import { countUpstream } from "./count-upstream.ts";
import { cachePages } from "../layers/cache-pages.ts";
import { keepFiles, keepProjects } from "../layers/changed-upstream.ts";
import { completePageBy } from "../layers/complete-page.ts";
import { serveMetadata } from "../layers/serve-metadata.ts";
import { cacheDocuments } from "../layers/cache-documents.ts";
import { mirroredOnly } from "../layers/mirrored-only.ts";
import { mirrorFiles } from "../layers/mirror-files.ts";
import { SharedFills } from "../layers/files/shared-fills.ts";
import { countDemand } from "../layers/count-demand.ts";
import type { PrioritySource } from "../layers/priority.ts";
import { withPublishers } from "../layers/proven-page.ts";
import { readUpstream } from "../layers/read-upstream.ts";
import { replaceOutdated } from "../layers/replace-files.ts";
import { reserveNames } from "../layers/reserved-names.ts";
import type { SourceMirror } from "../mirroring/ports.ts";
import { matcher } from "../pypi/pattern.ts";
import type { ProvenanceVerifier } from "../repository/ports/provenance.ts";
import type { MirroredSource, Repository } from "../repository/repository.ts";
import type { Counting } from "../storage/d1/catalog.ts";
import type { PopularityParts } from "../storage/d1/popularity.ts";
import { changesAt } from "../upstream/changes.ts";
import { UpstreamClient } from "../upstream/client.ts";
import { linksAt } from "../upstream/links.ts";
import { simpleAt } from "../upstream/upstream.ts";
import type { Stores } from "../storage/stores.ts";
import type { Platform } from "../platform/platform.ts";

/** A source as indexes use it, and the count of its pages. */
export interface Source extends PrioritySource {
  readonly catalog: Counting;
}

/** A source over an upstream, as jobs use it as well. */
export interface FetchingSource extends Source {
  readonly mirrored: MirroredSource;
  readonly mirror: SourceMirror;
  /** Whether the upstream did not answer when it was last asked. Asks nothing. */
  readonly isAway: () => boolean;
}

/** What all sources of an isolate share. */
export interface SharedParts {
  readonly platform: Platform;
  readonly stores: Stores;
  /** Bytes: larger files are stored by the queue's consumer. */
  readonly finishAlone: number;
  /** Larger wheels are not prefetched; 0: none are. Bytes. */
  readonly prefetchUpTo: number;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Whether upstreams' change logs are followed. */
  readonly feed: boolean;
  /** Patterns of names that no upstream is ever asked for. */
  readonly reserved: readonly string[];
  readonly verifier: ProvenanceVerifier;
}

/** The key of a source. The whole address, not only the host: one index at two addresses is two sources with different URLs. */
export const sourceKey = ({ href }: URL) => encodeURIComponent(href);

/** The rules for what is popular in a source. */
type Favourites = Omit<PopularityParts, "source">;

/**
 * The whole stack of a source, top to bottom.
 *
 * @param root our absolute address that its pages carry
 * @param isVerified whether a rule asks for its files' provenance
 */
export function sourceStack(
  upstream: UpstreamConfig,
  root: string | undefined,
  favourites: Favourites | undefined,
  isVerified: boolean,
  common: SharedParts,
): FetchingSource {
  const { platform, stores, finishAlone, prefetchUpTo, pageTtl, feed, reserved } = common;
  const { fetch, now, sleep, pipe, openSpool } = platform;
  const { url, credentials, projects, onRemoval: removal, onChange: change = "follow" } = upstream;
  const source = sourceKey(url);
  const own = stores.ofSource(source, root, replaceOutdated);
  const { files, facts, uses, catalog, queries, strays, pages, freshness, fills } = own;
  const { absent, justListed, touched, filling, filled, believed, refusals, ...remembered } = own.remembered;
  const { prefetched, ahead, siblingless } = remembered;
  const shared = openSpool && new SharedFills(openSpool, finishAlone, filled, now);
  const storing = { files, uses, filling, believed, touched, refusals, fills, finishAlone, shared };
  const count = countUpstream(stores.counters);
  const client = new UpstreamClient(fetch, url, now, { absent: upstream.absent, credentials, count, sleep });
  const changes =
    feed && upstream.kind === "simple"
      ? { feed: changesAt(url, client), log: own.changeLogPosition, behind: own.pagesBehind }
      : undefined;
  const upstreamIndex = upstream.kind === "find-links" ? linksAt(url, client, now) : simpleAt(url, client);
  const note = stores.changedFiles(upstream.name);
  const changing = {
    removal,
    change,
    files,
    facts,
    uses,
    note,
    deleteFiles: own.deleteFiles,
    storedFiles: own.storedFiles,
  };
  const verified = isVerified ? { verdicts: own.verdicts, verifier: common.verifier } : undefined;
  const describe = withPublishers(verified?.verdicts)(keepFiles(changing)(completePageBy(facts)));
  const hidesRemoved = removal === "hide" || removal === "drop";
  const repository: Repository = reserveNames(reserved)(
    mirrorFiles({
      ...storing,
      now,
      pipe,
      hidesRemoved,
      source,
      pages,
      strays,
      noteAbsent: (ref, ctx) => own.storedBytes.discard(ref, { kind: "absent" }, ctx.now),
      justListed,
      prefetchUpTo,
      prefetched,
      ahead,
      counters: stores.counters,
    })(
      serveMetadata({ ...storing, facts, siblingless })(
        cacheDocuments({ store: own.documents, freshness, absent, ttl: pageTtl })(
          cachePages({
            pages,
            listing: own.listing,
            freshness,
            absent,
            justListed,
            pageTtl,
            areShared: openSpool !== null,
            confirmation: changes && own.confirmation,
            deleteFiles: own.deleteFiles,
            extras: { files, facts, uses, queries, strays },
          })(
            keepProjects(changing)(
              readUpstream(upstreamIndex, describe, root), //
            ),
          ),
        ),
      ),
    ),
  );
  const mirrored: MirroredSource = {
    key: source,
    name: upstream.name,
    repository,
    refreshes: own.refreshes,
    verified,
    changes,
    popularity: favourites && own.popularity(favourites),
    async noteStored(name, { head }) {
      if ((await catalog.claim(name, head, now())) === "unsettled") await catalog.settle(name, head);
    },
  };
  const shown = upstream.mirror.isComplete
    ? mirroredOnly({ contents: own.mirrorContents, pages: own.mirrorPages })(repository)
    : repository;
  const claims = projects?.map(matcher);
  return {
    repository: favourites ? countDemand(own.demand)(shown) : shown,
    projects,
    absentNames: own.absentNames,
    isPartial: upstream.mirror.isComplete,
    catalog,
    isAway: () => client.isAway(),
    mirrored,
    mirror: {
      source: mirrored,
      config: upstream.mirror,
      work: own.mirrorWork,
      queue: own.mirrorQueue,
      verification: own.verificationWork,
      bytes: own.storedBytes,
      mayHave: (name) => claims?.some((matches) => matches(name)) ?? true,
    },
  };
}
