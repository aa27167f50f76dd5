/**
 * Values under keys, as Cloudflare's KV has them: a KV namespace can be passed as it is. Writes may be seen late by other
 * data centres. A key has at most 512 bytes, a value 25 MiB, metadata 1,024 bytes of JSON.
 */
export interface KeyValue {
  get(key: string, type: "stream"): Promise<ReadableStream | null>;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same as KV's
  getWithMetadata<Metadata>(
    key: string,
    type: "stream",
  ): Promise<{ readonly value: ReadableStream | null; readonly metadata: Metadata | null }>;
  /** @param options `expirationTtl` in seconds, at least 60 */
  put(
    key: string,
    value: string | Uint8Array,
    options?: { readonly metadata?: unknown; readonly expirationTtl?: number },
  ): Promise<void>;
  delete(key: string): Promise<void>;
  /** At most 1,000 keys, in order. `cursor` is that of the listing before, where there are more. */
  list(options: { readonly limit?: number; readonly cursor?: string }): Promise<ListedKeys>;
}

/** `list_complete` says that these are the last keys. */
interface ListedKeys {
  readonly keys: readonly { readonly name: string }[];
  readonly list_complete: boolean;
  readonly cursor?: string;
}
