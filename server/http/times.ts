import { MINUTE, SECOND } from "../../worker/duration.ts";

/** How long the server waits. Milliseconds. */
export interface Times {
  /** For all of a request's header to arrive, from the connection or the header's first byte. */
  readonly header: number;
  /** How often headers that are late are looked for. */
  readonly check: number;
  /** For the next byte of a request's body. An upload takes as long as it takes, while bytes arrive. */
  readonly body: number;
  /** For the client to take a next byte of an answer. However slow it is, it has all of it while it takes some. */
  readonly taking: number;
  /** For a byte in either direction, while a request is answered. A job that the API starts may take a quarter of an hour to answer. */
  readonly answer: number;
  /** For the next request. A proxy in front of the server has a shorter time, 60 s for example: the one that sends must close first. */
  readonly keepAlive: number;
  /** For what was begun when the server was to stop. */
  readonly lastAnswers: number;
}

export const TIMES: Times = {
  header: 50 * SECOND,
  check: 5 * SECOND,
  body: MINUTE,
  taking: 2 * MINUTE,
  answer: 20 * MINUTE,
  keepAlive: 61 * SECOND,
  lastAnswers: 30 * SECOND,
};
