import { documentPath, type DocumentRef } from "../pypi/document.ts";
import { provenanceUrl } from "../pypi/provenance.ts";
import { findEntry } from "../pypi/simple-json.ts";
import type { Document } from "../repository/document.ts";
import { revalidated, type RevalidationParts } from "./revalidate.ts";
import { findListed } from "./find-listed.ts";
import type { SourcePages, SourceWithoutDocuments } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";

/**
 * Caches an upstream's JSON and its files' provenance by path, as pages are cached. Only the project's page says at
 * which address a file's provenance is, so the page is read each time provenance is fetched or revalidated.
 */
export function cacheDocuments(
  parts: RevalidationParts<string, Document>,
): (inner: SourceWithoutDocuments) => SourcePages {
  return (inner) => ({
    ...inner,
    document: ({ ref }, ctx) => revalidated(documentPath(ref), parts, (known) => askFor(ref, known, inner, ctx), ctx),
  });
}

async function askFor(ref: DocumentRef, known: Document | undefined, inner: SourceWithoutDocuments, ctx: Context) {
  if (ref.kind !== "provenance") return inner.document({ ref }, known, ctx);
  const { project, filename } = ref;
  const find = (text: string) => findEntry(text, filename, (entry) => provenanceUrl(entry) !== undefined);
  const listed = await findListed(project, "of this index", find, inner, ctx);
  return listed ? inner.document({ ref, listed }, known, ctx) : null;
}
