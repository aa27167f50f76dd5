import type { UpstreamConfig } from "../../schema/upstreams.ts";
import { loadIndex } from "../advisories/load-index.ts";
import { createReceiver, type StepReceiver } from "../carrying/receive.ts";
import { offlineSource } from "../layers/offline/offline.ts";
import { reserveNames } from "../layers/reserved-names.ts";
import type { AbsentNames } from "../repository/ports/freshness.ts";
import type { Stores } from "../storage/stores.ts";
import { sourceKey, type Source } from "./source-stack.ts";

/** A source of what is carried here, and what receives it. */
export interface OfflineSource extends Source {
  readonly name: string;
  readonly receiver: StepReceiver;
  /** The number of the last whole step; 0: none. */
  readonly step: () => Promise<number>;
}

/**
 * The whole stack of a source of kind `offline`: no part of it has a way to a network.
 *
 * @param root our absolute address that its pages carry
 */
export function offlineStack(
  { name, url, keys = [], projects }: UpstreamConfig,
  root: string | undefined,
  stores: Stores,
  reserved: readonly string[],
): OfflineSource {
  const source = sourceKey(url);
  const { carried, steps, made } = stores.ofOffline(source);
  return {
    name,
    projects,
    absentNames: NOTHING_REMEMBERED,
    // It has less than the index that it comes from.
    isPartial: true,
    catalog: carried,
    repository: reserveNames(reserved)(
      offlineSource({ source, origin: url.host, root, carried, made }), //
    ),
    receiver: createReceiver({
      source: name,
      keys,
      steps,
      objects: stores.carriedObjects,
      entries: stores.carriedEntries,
      loadAdvisories: (file, audit, now) =>
        loadIndex(stores.advisoryIndex, file, {
          // The other side has decided that.
          mayLose: true,
          check: { checkedAt: now, failure: undefined },
          replace: stores.advisoryIndex.replaceAudited(audit),
        }),
    }),
    step: () => carried.step(),
  };
}

/** It never fails as an upstream does, for which earlier answers would have to be remembered. */
const NOTHING_REMEMBERED: AbsentNames = {
  noteOwned: () => undefined,
  noteAbsent: () => undefined,
  isAbsent: async () => false,
};
