import type { Fetch, FetchInit } from "../../worker/platform/platform.ts";

/** An answer that was read to its end. */
interface Kept {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * `fetch` through the zone's cache, as Cloudflare's documentation says: requests that may be answered from one another are
 * one, while it is under way and for 30 s; but what is larger than `limit` bytes, or not a 200, is not stored, and each
 * request is sent on. Unlike Cloudflare, those that wait get its bytes only when all are there.
 *
 * @param now the clock: milliseconds since the epoch
 */
export function throughZoneCache(
  upstream: (...asked: Parameters<Fetch>) => Promise<Response>,
  limit: number,
  now: () => number,
): Fetch {
  const kept = new Map<string, Promise<Kept | undefined>>();

  async function read(url: URL, init: FetchInit): Promise<Kept | undefined> {
    const { status, headers, body } = await upstream(url, init);
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    return status === 200 && bytes.byteLength <= limit ? { headers, bytes, until: now() + 30_000 } : undefined;
  }

  return async (url, { reuse = false, ...init }) => {
    if (!reuse) return upstream(url, init);
    const there = await kept.get(url.href);
    if (there && there.until <= now()) kept.delete(url.href);
    if (!kept.has(url.href)) kept.set(url.href, read(url, init));
    const answer = await kept.get(url.href);
    return answer ? new Response(answer.bytes, { headers: answer.headers }) : upstream(url, init);
  };
}
