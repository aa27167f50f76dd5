/** The headers of an answer that may be compared with another answer's: all but the request's id and its durations, which each has of its own. */
export const comparable = (headers: Headers): [name: string, value: string][] =>
  [...headers].filter(([name]) => name !== "x-request-id" && name !== "server-timing");
