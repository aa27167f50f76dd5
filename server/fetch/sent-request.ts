import type { Dispatcher } from "undici";
import type { FetchAnswer } from "../../worker/platform/platform.ts";
import type { Taker } from "../incoming-bytes.ts";

/** The headers of an answer by their names in small letters, as undici gives them. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Drops what comes. */
const DROPPING: Taker = { push: () => undefined, end: () => undefined, fail: () => undefined };

/**
 * A request to undici and its answer. undici's own `request` makes a stream of Node's for each answer, which costs more than a small
 * answer's bytes.
 */
export class SentRequest implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | undefined;
  readonly #begin: (status: number, headers: AnswerHeaders) => FetchAnswer;
  readonly #answer = Promise.withResolvers<FetchAnswer>();
  #controller: Dispatcher.DispatchController | undefined;
  #taker: Taker = DROPPING;
  #received = 0;
  /** So many bytes may come at most. */
  #limit = Infinity;

  /**
   * @param begin makes the answer, once its headers are there, and names who takes the body: the first bytes follow at once. Where it
   *   throws, `answer` rejects with that
   * @param signal gives up the request, or the rest of its answer
   */
  constructor(
    begin: (request: SentRequest, status: number, headers: AnswerHeaders) => FetchAnswer,
    signal: AbortSignal | undefined,
  ) {
    this.#begin = (status, headers) => begin(this, status, headers);
    this.#signal = signal;
    if (signal?.aborted) this.#aborted();
    else signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Rejects where there is no answer. */
  get answer(): Promise<FetchAnswer> {
    return this.#answer.promise;
  }

  /** Names who takes the body's bytes; without one, they are dropped. */
  set taker(taker: Taker) {
    this.#taker = taker;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /**
   * Drops the body. Where it has at most `limit` bytes, they are read, so that the connection can be used again.
   *
   * @param size the body's, where it is known; NaN where not
   */
  discard(limit: number, size: number): void {
    this.#taker = DROPPING;
    this.#limit = limit;
    if (this.#received > limit || size > limit) this.abort(new Error("Its body is not wanted."));
    else this.resume();
  }

  /** Closes the connection. */
  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  readonly #aborted = () => {
    const reason: unknown = this.#signal?.reason;
    this.#answer.reject(reason);
    this.abort(reason as Error);
  };

  #over(): void {
    this.#signal?.removeEventListener("abort", this.#aborted);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) this.#aborted();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // Informational answers come before the answer.
    if (status >= 200) this.#answer.resolve(this.#begin(status, headers));
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#received += chunk.byteLength;
    if (this.#received > this.#limit) this.abort(new Error("Its body is too large to be dropped."));
    else this.#taker.push(chunk);
  }

  onResponseEnd(): void {
    this.#over();
    this.#taker.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    this.#answer.reject(error);
    this.#taker.fail(error);
  }
}
