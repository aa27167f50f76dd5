/** What `@sigstore/sign` asks for. */
interface Wanted {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/**
 * Takes the place of `make-fetch-happen` in bundles: with the cache and the agents that `@sigstore/sign` does not use, it is forty
 * packages and a megabyte.
 */
export default async function plainFetch(url: string, { method, headers, body, timeout }: Wanted) {
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    ...(timeout !== undefined && { signal: AbortSignal.timeout(timeout) }),
  });
  return Object.assign(response, { buffer: async () => Buffer.from(await response.arrayBuffer()) });
}
