import { asksForProvenance } from "../policy/judge.ts";
import { MINUTE } from "../duration.ts";
import { messageOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Context } from "../repository/context.ts";
import type { Marks } from "../repository/ports/freshness.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { IndexConfig } from "../../schema/indexes.ts";
import type { UpstreamConfig } from "../../schema/upstreams.ts";
import type { TrustedRootStore } from "../auth/trusted-root.ts";
import { rootHolder } from "../provenance/current-root.ts";
import { trustedRootOf, unusable, type TrustedRoot } from "../provenance/trusted-root.ts";
import { verifyUpload } from "../provenance/upload.ts";
import { VERIFIER, verifyProvenance } from "../provenance/verify.ts";
import type { KnownBuilders, ProvenanceVerifier } from "../repository/ports/provenance.ts";
import { trustedRoots, type TrustedRoots } from "./trusted-roots.ts";

/**
 * What verifies provenance in this deployment.
 *
 * @param given the trusted root of the configuration; undefined: the one that is stored, or that this version has
 * @throws Error where it cannot be read: such a deployment must not start
 */
export function provenanceVerifier(
  given: unknown,
  store: TrustedRootStore,
): ProvenanceVerifier & { roots: TrustedRoots } {
  const holder = rootHolder(given === undefined ? undefined : readRoot(given), () => store.read());
  const root = () => holder.current().root;
  return {
    refresh: () => holder.refresh(),
    basis: () => ({ root: root().id, verifier: VERIFIER }),
    unusable: (now) => unusable(root(), now),
    expiresAt: () => root().expiresAt,
    verify: (text, file, now) => verifyProvenance(text, file, root(), now),
    verifyUpload: (attestations, file, now) => verifyUpload(attestations, file, root(), now),
    roots: trustedRoots(holder, store),
  };
}

function readRoot(given: unknown): TrustedRoot {
  try {
    return trustedRootOf(given);
  } catch (error) {
    throw new Error(`The configuration is wrong: TRUSTED_ROOT: ${(error as Error).message}.`, { cause: error });
  }
}

/** Whether a rule of an index that has the upstream asks for its files' provenance. */
export const isVerified = (upstream: UpstreamConfig, indexes: readonly IndexConfig[]): boolean =>
  indexes.some(({ upstreams, policies }) => upstreams.includes(upstream) && policies.some(asksForProvenance));

/** Within this an isolate does not queue a project again: it waits for the queue, or for an upstream that is away. Milliseconds. */
const QUEUED_FOR = MINUTE;

/** Returns a function that has the provenance of a project's files verified, by the queue. It neither waits nor fails. */
export function createVerifyLater(sources: ReadonlyMap<string, MirroredSource>, queued: Marks) {
  return (key: string, name: ProjectName, ctx: Context): void => {
    const source = sources.get(key);
    const mark = `${key} ${name}`;
    const { verified, refreshes } = source ?? {};
    if (!verified || !refreshes || queued.get(mark, ctx.now)) return;
    queued.set(mark, true, 0, ctx.now + QUEUED_FOR);
    const what = `the provenance of ${name}, to be verified`;
    const send = async () => {
      await verified.verifier.refresh();
      if (verified.verifier.unusable(ctx.now) === undefined) await refreshes.send([name], "verify");
    };
    ctx.defer(send().catch((error: unknown) => ctx.report({ event: "queue-failed", what, reason: messageOf(error) })));
  };
}

/** What is known of who built files, of the sources by their keys. */
export const knownBuilders = (sources: ReadonlyMap<string, MirroredSource>): KnownBuilders => ({
  async of(keys, project) {
    const verdicts = keys.flatMap((key) => sources.get(key)?.verified?.verdicts.of(project) ?? []);
    return new Map((await Promise.all(verdicts)).toReversed().flatMap((each) => [...each]));
  },
  async unusable(keys, now) {
    const [verifier] = keys.flatMap((key) => sources.get(key)?.verified?.verifier ?? []);
    if (verifier?.unusable(now) === undefined) return undefined;
    // An isolate that has verified nothing yet knows only the root of its version.
    await verifier.refresh().catch(() => undefined);
    return verifier.unusable(now);
  },
});
