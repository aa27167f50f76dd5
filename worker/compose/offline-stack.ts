import type { UpstreamConfig } from "../../schema/upstreams.ts";
import { loadIndex } from "../advisories/load-index.ts";
import { createReceiver, type StepReceiver } from "../carrying/receive.ts";
import { offlineSource } from "../layers/offline/offline.ts";
import { reserveNames } from "../layers/reserved-names.ts";
import type { AbsentNames } from "../repository/ports/freshness.ts";
import type { MirroredSource } from "../repository/repository.ts";
import { sourceKey, type SharedParts, type Source } from "./source-stack.ts";

/** A source of what is carried here, and what receives it. */
export interface OfflineSource extends Source {
  readonly name: string;
  readonly receiver: StepReceiver;
  /** For the job that verifies provenance, where a rule asks for it. */
  readonly verifying: MirroredSource | undefined;
  /** The number of the last whole step; 0: none. */
  readonly step: () => Promise<number>;
}

/**
 * The whole stack of a source of kind `offline`: no part of it has a way to a network.
 *
 * @param root our absolute address that its pages carry
 * @param isVerified whether a rule asks for its files' provenance
 */
export function offlineStack(
  { name, url, keys = [], projects }: UpstreamConfig,
  root: string | undefined,
  { stores, reserved, verifier }: Pick<SharedParts, "stores" | "reserved" | "verifier">,
  isVerified: boolean,
): OfflineSource {
  const source = sourceKey(url);
  const { carried, steps, made, verdicts, refreshes } = stores.ofOffline(source);
  const verified = isVerified ? { verdicts, verifier } : undefined;
  const repository = reserveNames(reserved)(
    offlineSource({ source, origin: url.host, root, carried, made, verdicts: verified?.verdicts }), //
  );
  return {
    name,
    projects,
    absentNames: NOTHING_REMEMBERED,
    // It has less than the index that it comes from.
    isPartial: true,
    catalog: carried,
    repository,
    verifying: verified && {
      key: source,
      name,
      repository,
      refreshes,
      verified,
      popularity: undefined,
      noteStored: async () => undefined,
    },
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
