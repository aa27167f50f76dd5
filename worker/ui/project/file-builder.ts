import { messageOf } from "../../errors.ts";
import { isHostedEntry } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry } from "../../pypi/page.ts";
import type { Signer } from "../../pypi/verdict.ts";
import type { Context } from "../../repository/context.ts";
import type { HostedProvenance, HostedSigner } from "../../repository/ports/hosted-packages.ts";
import type { KnownBuilders, KnownVerdict } from "../../repository/ports/provenance.ts";

/** What of an index says who built its files. */
export interface BuiltIndex {
  /** The indexes whose hosted packages it contains. */
  readonly overlays: readonly { readonly index: string }[];
  /** The keys of its sources. */
  readonly sources: readonly string[];
  readonly builders: KnownBuilders;
  readonly hostedProvenance: Pick<HostedProvenance, "signers">;
}

/**
 * Who built a file that has provenance. `stated`: that was not verified here, and the reason is a sentence where it could not be;
 * `uploaded`: it is hosted, and was verified when it was uploaded, by a version that did not keep who signed it.
 */
export type FileBuilder =
  | { readonly state: "verified"; readonly signer: Signer }
  | { readonly state: "refused"; readonly reason: string }
  | { readonly state: "stated"; readonly reason?: string | undefined }
  | { readonly state: "uploaded" };

/**
 * Who built the files of a release: a function of a file, and of the reason why nothing can be verified now. It returns undefined for a
 * file without provenance. Where the database does not answer, that is reported, and nothing counts as verified.
 */
export async function buildersOf(
  index: BuiltIndex,
  project: ProjectName,
  entries: readonly FileEntry[],
  ctx: Context,
): Promise<(entry: FileEntry, unverifiable: string | undefined) => FileBuilder | undefined> {
  const proven = entries.filter(({ provenance }) => provenance !== undefined);
  const orNone = <Value>(known: Promise<ReadonlyMap<string, Value>>) =>
    known.catch((error: unknown): ReadonlyMap<string, Value> => {
      ctx.report({ event: "storage-failed", what: `who built files of ${project}`, reason: messageOf(error) });
      return new Map();
    });
  const hosts = index.overlays.map((overlay) => overlay.index);
  const [signers, verdicts] = await Promise.all([
    proven.some(isHostedEntry)
      ? orNone<HostedSigner>(index.hostedProvenance.signers(hosts, project))
      : new Map<string, HostedSigner>(),
    proven.every(isHostedEntry)
      ? new Map<string, KnownVerdict>()
      : orNone<KnownVerdict>(index.builders.of(index.sources, project)),
  ]);
  return (entry, unverifiable) => {
    if (entry.provenance === undefined) return undefined;
    return isHostedEntry(entry)
      ? uploaderOf(entry, signers.get(entry.filename))
      : builderOf(entry, verdicts.get(entry.filename), unverifiable);
  };
}

/** Who built a hosted file, as was verified when these very bytes were uploaded. */
const uploaderOf = ({ hashes }: FileEntry, known: HostedSigner | undefined): FileBuilder =>
  known && known.sha256 === hashes["sha256"] ? { state: "verified", signer: known.signer } : { state: "uploaded" };

/** Who built a mirrored file, as the last verdict on these very bytes says. */
function builderOf(
  { hashes }: FileEntry,
  known: KnownVerdict | undefined,
  unverifiable: string | undefined,
): FileBuilder {
  if (known === undefined || known.sha256 !== hashes["sha256"]) return { state: "stated", reason: unverifiable };
  const { verdict } = known;
  return verdict.state === "verified" ? { state: "verified", signer: verdict } : verdict;
}
