/** How often each of `count` things is asked for, as shares of all requests: the n-th by n to the power of minus `exponent`. */
export function zipfShares(count: number, exponent: number): Float64Array {
  const shares = Float64Array.from({ length: Math.ceil(count) }, (_, at) => (at + 1) ** -exponent);
  const total = shares.reduce((sum, each) => sum + each, 0);
  return shares.map((each) => each / total);
}

/**
 * The share of requests that a copy answers which is made at a miss and kept for a fixed time.
 *
 * @param requests that come within that time, at random moments
 */
export const hitRatio = (shares: Float64Array, requests: number): number =>
  shares.reduce((sum, share) => sum + (share * (requests * share)) / (1 + requests * share), 0);

/** The shares of what passes a cache that keeps each thing for a time within which so many requests come. */
export function passing(shares: Float64Array, requests: number): Float64Array {
  const passed = shares.map((share) => share / (1 + requests * share));
  const total = passed.reduce((sum, each) => sum + each, 0);
  return passed.map((each) => each / total);
}

/** How many different things so many requests ask for, on average. */
export const distinct = (shares: Float64Array, requests: number): number =>
  shares.reduce((sum, share) => sum + (1 - Math.exp(-requests * share)), 0);
