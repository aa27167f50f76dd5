import { messageOf } from "../../worker/errors.ts";

/** What node:sqlite binds and returns. */
export type Value = string | number | null | Uint8Array;

export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly Value[];
}

export type Row = Record<string, Value>;

export interface WriteResult {
  readonly rows: Row[];
  /** Rows that the statement inserted, changed or deleted, by its triggers too. */
  readonly changes: number;
}

/** What the main thread asks of the thread that writes. `open` and `close` name the file; `write` is one transaction. */
export type WriterRequest =
  | { readonly kind: "open"; readonly file: string; readonly durable: boolean }
  | { readonly kind: "write"; readonly file: string; readonly statements: readonly SqlStatement[] }
  | { readonly kind: "close"; readonly file: string };

/** What the main thread asks of the thread that reads: all from one state of the database. */
export interface ReaderRequest {
  readonly statements: readonly SqlStatement[];
}

export interface ReaderResult {
  readonly rows: Row[][];
  /** Milliseconds. */
  readonly duration: number;
}

/** Requests to a thread, and its replies, have a number in common. A message has a list of them. */
export interface Asked<Request> {
  readonly id: number;
  readonly request: Request;
}

export type Reply<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: SqliteFault };

/** An error of SQLite, as it goes from one thread to another. */
export interface SqliteFault {
  readonly message: string;
  /** SQLite's extended result code, where the error is SQLite's. */
  readonly errcode: number | undefined;
}

export const faultOf = (error: unknown): SqliteFault => ({
  message: messageOf(error),
  errcode: error instanceof Error && "errcode" in error ? Number(error.errcode) : undefined,
});
