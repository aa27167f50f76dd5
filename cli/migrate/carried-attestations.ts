import * as z from "zod/mini";
import { messageOf } from "../../worker/errors.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { provenanceUrl } from "../../worker/pypi/provenance.ts";
import type { Upstream } from "../../worker/repository/ports/upstream.ts";
import { UnusableFile } from "./source.ts";

/** Who published a file is in its attestations: what the index states beside them is not carried over. */
const provenance = z.object({ attestation_bundles: z.array(z.object({ attestations: z.array(z.unknown()) })) });

/**
 * The attestations of a file in the index that it comes from; none where that has none.
 *
 * @throws UnusableFile where the index does not give them
 */
export async function carriedAttestations(index: Upstream, entry: FileEntry): Promise<unknown[]> {
  const url = provenanceUrl(entry);
  if (!url) return [];
  const answer = await index.document(url, {}).catch((error: unknown) => {
    throw new UnusableFile(`Its provenance cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (answer.kind !== "document") return [];
  const parsed = provenance.safeParse(parsedJson(answer.text));
  return parsed.data?.attestation_bundles.flatMap(({ attestations }) => attestations) ?? [];
}
