/** A worker's variables with one index over one upstream, at an address that no test reaches. */
export const ONE_SOURCE = {
  UPSTREAMS: { pypi: { url: "https://upstream.test/simple/", files: "https://files.upstream.test/" } },
  INDEXES: { default: { sources: ["pypi"] } },
  RESERVED: [],
  TRUSTED: [],
  AUDIENCE: "",
  PAGE_TTL: "600",
  FEED: false,
  POPULAR: 200,
  SEED: [],
  QUOTA: 0,
  PREFETCH: 0,
  NEW_A_DAY: 0,
  PUBLIC_URL: "",
  LOG: "problems",
  LOG_FORMAT: "text",
};
