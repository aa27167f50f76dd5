import type { ServerSessionOptions } from "node:http2";
import { MAX_HEADERS, MAX_TARGET } from "../http/refuse.ts";

/** Each header counts 32 bytes more than its text (RFC 9113, 6.5.2), and the four that stand for the request line come on top. */
const MAX_HEADER_LIST = 2 * (MAX_TARGET + MAX_HEADERS);

/**
 * What a client may have a session hold and do. Node and nghttp2 close the session, with GOAWAY, where a limit of frames is
 * passed; nghttp2's own are 8 CONTINUATION frames a header block, and 1,000 answers to PING and SETTINGS that wait to be sent.
 */
export const SESSION_LIMITS: ServerSessionOptions = {
  settings: {
    maxConcurrentStreams: 100,
    // More than HTTP/1.1 allows, so that the answer is the same: 414 or 431. A stream with more than this is reset.
    maxHeaderListSize: MAX_HEADER_LIST,
    // An upload has so much on its way; more is held for none.
    initialWindowSize: 256 * 1024,
    enablePush: false,
  },
  // Their size is limited. The smallest header is two characters.
  maxHeaderListPairs: MAX_HEADER_LIST / 34,
  // Streams that the client resets (CVE-2023-44487): so many at once, and so many a second from then on.
  streamResetBurst: 1_000,
  streamResetRate: 33,
  // Frames that are invalid, and streams that are refused.
  maxSessionInvalidFrames: 1_000,
  maxSessionRejectedStreams: 100,
  // Entries of one SETTINGS frame, and PING frames of ours that are not answered.
  maxSettings: 32,
  maxOutstandingPings: 10,
  // Megabytes of headers and of what waits to be sent, of which a stream has 128 KiB at most. Above it, new streams are refused.
  maxSessionMemory: 32,
};
