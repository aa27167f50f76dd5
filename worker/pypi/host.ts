const LOOPBACK = /^(?:localhost\.?|.+\.localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** RFC 1918, 3927, 6598, 4193, 4291 and "this host". A URL's host name is already in canonical form: no octal, no short forms. */
const PRIVATE =
  /^(?:0\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|192\.168\.\d+\.\d+|169\.254\.\d+\.\d+|\[::\]|\[::ffff:.*\]|\[f[cd].*\]|\[fe[89ab].*\])$/;

/** Whether a URL's `hostname` is this machine. */
export const isLoopback = (hostname: string) => LOOPBACK.test(hostname);

/** Whether a URL's `hostname` is this machine or written as an address that only a private network has. */
export const isPrivate = (hostname: string) => isLoopback(hostname) || PRIVATE.test(hostname);
