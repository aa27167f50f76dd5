/**
 * Counts calls by key, as Cloudflare's rate limiting binding does: it can be passed as it is. What is allowed in which period is
 * said where the limiter is made.
 */
export interface RateLimiter {
  /** Counts one call. `success`: whether it is within the limit. */
  limit(call: { readonly key: string }): Promise<{ readonly success: boolean }>;
}
