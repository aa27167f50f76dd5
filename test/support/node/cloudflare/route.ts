/** A request that the API was sent. */
export interface ApiCall {
  readonly method: string;
  /** Below the account, where it is; without the query. */
  readonly path: string;
}

/** A refusal. */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

/** What answers a request. */
export type Handler = (match: RegExpExecArray, body: never, url: URL) => unknown;

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.refusal = { status, code, message };
  }
}

/** The method, the path below the account, and what answers. */
export type Route = readonly [method: string, path: RegExp, handler: Handler];
