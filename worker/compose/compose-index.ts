import type { IndexConfig } from "../../schema/indexes.ts";
import type { PolicyConfig } from "../../schema/policy.ts";
import type { UpstreamConfig } from "../../schema/upstreams.ts";
import type { GuardParts } from "../layers/guard/guard.ts";
import type { Platform } from "../platform/platform.ts";
import type { Explain } from "../repository/explanation.ts";
import type { EntriesOf } from "../repository/ports/policy-entries.ts";
import type { Layer, Repository } from "../repository/repository.ts";
import { countTogether, type Counting } from "../storage/d1/catalog.ts";
import type { Stores } from "../storage/stores.ts";
import { indexStack, type IndexStack } from "./index-stack.ts";
import type { OfflineSource } from "./offline-stack.ts";
import { sourceKey, type Source } from "./source-stack.ts";
import { tellRefusedOf } from "./tell-refused.ts";

/** An index, its repository, and the count that its own page shows. */
export interface Index {
  readonly config: IndexConfig;
  readonly repository: Repository;
  /** Whether it has times in the place of its source's serials. */
  readonly isDated: boolean;
  /** Explains what its policy refuses; undefined where it has none. */
  readonly explain: Explain | undefined;
  /** Explains what another policy would refuse in the place of its own. */
  readonly explainUnder: (policy: PolicyConfig) => Explain;
  /** Its sources of kind `offline`. */
  readonly carried: readonly OfflineSource[];
  /** The keys of its sources. */
  readonly sources: readonly string[];
  /** The index under a further policy, at another base. */
  readonly under: (policy: PolicyConfig, base: string) => IndexStack;
  /** Counts the pages of its sources together. */
  readonly catalog: Counting;
}

/** What indexes are made of. */
interface IndexParts {
  readonly platform: Pick<Platform, "now">;
  readonly stores: Stores;
  readonly sources: ReadonlyMap<UpstreamConfig, Source>;
  /** Those of them that are of kind `offline`. */
  readonly offline: ReadonlyMap<UpstreamConfig, OfflineSource>;
  readonly uses: ReturnType<Stores["hostedUses"]>;
  readonly verifyLater: GuardParts["verifyLater"];
  readonly unverifiable: GuardParts["policies"][number]["unverifiable"];
  readonly notices: Parameters<typeof tellRefusedOf>[1];
  readonly outermost: Layer;
  /** Whether sources are asked ahead of clients. */
  readonly asksAhead: boolean;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

/** Puts an index together: its sources, what is hosted over them, and its guard. */
export function composeIndex(
  index: IndexConfig,
  {
    platform,
    stores,
    sources: stacks,
    offline,
    uses,
    verifyLater,
    unverifiable,
    notices,
    outermost,
    asksAhead,
    pageTtl,
    publicUrl,
  }: IndexParts,
): Index {
  const { counters, hosting, hostedBytes: bytes, hostedProvenance: provenance } = stores;
  const sources = index.upstreams.flatMap((upstream) => stacks.get(upstream) ?? []);
  const carried = index.upstreams.flatMap((upstream) => offline.get(upstream) ?? []);
  const made = stores.mergedPages(index.name);
  const root = publicUrl === "" ? undefined : publicUrl + index.base;
  const packages = { overlays: index.overlays, hosting, bytes, uses, made, provenance, root };
  // What a view leaves out is no policy's: it has no lists, and is no verdict.
  const ofPolicies = new Set(index.policies.map((policy) => policy.index));
  const entriesOf: EntriesOf = (of, ctx) => (ofPolicies.has(of) ? stores.entriesOf(of, ctx) : NO_ENTRIES);
  const policies = index.policies.map((policy) => ({
    ...policy,
    unknownTimes: unknownTimesOf(index),
    unverifiable,
  }));
  const ahead = asksAhead ? { now: platform.now, seen: stores.seenAhead(index.name) } : undefined;
  const stackOf = (
    guarding: Pick<GuardParts, "policies" | "base" | "pages" | "countHeldFix" | "tellRefused">,
  ): IndexStack => {
    const guards: GuardParts = {
      ...guarding,
      entriesOf,
      findAdvisories: stores.findAdvisories,
      reported: stores.blocked(index.name),
      verifyLater,
      count({ rule, mode, index: of, exempted }) {
        if (ofPolicies.has(of)) counters.add("verdicts", { rule, mode: exempted ? "exempted" : mode });
      },
    };
    const stack = indexStack(sources, packages, stores.listing(index.name), guards, ahead, pageTtl);
    return { ...stack, repository: outermost(stack.repository) };
  };
  return {
    config: index,
    carried,
    sources: index.upstreams.map(({ url }) => sourceKey(url)),
    ...stackOf({
      policies,
      base: index.base,
      pages: stores.guardedPages(index.name),
      countHeldFix: (rule) => counters.add("heldFixes", { rule }),
      tellRefused: tellRefusedOf(index.name, notices),
    }),
    under: (policy, base) =>
      stackOf({ policies: [...policies, policy], base, pages: stores.viewedPages(policy.index) }),
    catalog: countTogether(
      sources.map(({ catalog }) => catalog),
      platform.now,
    ),
  };
}

/** What upstreams say of files whose time of upload they do not give, by the keys of their sources. */
const unknownTimesOf = ({ upstreams }: IndexConfig) =>
  new Map(
    upstreams.flatMap(({ url, unknownTime }) =>
      unknownTime === undefined ? [] : [[sourceKey(url), unknownTime] as const],
    ),
  );

const NO_ENTRIES: readonly [] = [];
