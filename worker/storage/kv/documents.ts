import { Document, type DocumentHead } from "../../repository/document.ts";
import type { CacheStore } from "../../repository/ports/pages.ts";
import { jsonStore, type JsonStoreParts } from "./json-store.ts";
import type { Keys } from "../keys.ts";

/**
 * KV's metadata has at most 1,024 bytes. Longer validators are not stored: the document is then fetched without them.
 * Characters.
 */
const MAX_VALIDATORS = 600;

type DocumentStoreParts = Pick<
  JsonStoreParts<string, DocumentHead, Document>,
  "kv" | "memory" | "copies" | "written" | "maxValue"
> & { readonly keys: Keys };

/** A source's documents in KV, by path. A document that is too large for KV is not stored. */
export function documentStore({ keys, ...parts }: DocumentStoreParts): CacheStore<string, Document> {
  const store = jsonStore<string, DocumentHead, Document>({
    ...parts,
    keyOf: keys.document,
    make: (_path, head, gzip, via) => new Document(head, gzip, via),
  });
  return {
    get: store.get,
    delete: store.delete,
    async put(path, document, now) {
      const { head, via } = document;
      const long = JSON.stringify(head.validators).length > MAX_VALIDATORS;
      const fitting = long ? new Document({ ...head, validators: {} }, document.gzip(), via) : document;
      if (store.begin(path, fitting, now)) await store.write(path, fitting, now);
    },
  };
}
