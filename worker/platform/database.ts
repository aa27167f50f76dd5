/** An SQLite database, as Cloudflare's D1 has it: a D1 database can be passed as it is. */
export interface Database {
  prepare(sql: string): Statement;
  /** Runs the statements in one transaction: where one fails, none of them has been done. */
  batch<Row = Record<string, unknown>>(statements: Statement[]): Promise<QueryResult<Row>[]>;
  /**
   * A number that is another one after each change that was committed, without a query; left out, or undefined, where the
   * platform cannot tell.
   */
  version?(): number | undefined;
}

/** Prepared: it can be bound and run several times. */
export interface Statement {
  /** At most 100 values, for `?1`, `?2`, … */
  bind(...values: SqlValue[]): Statement;
  /** The first row, or null. */
  first<Row = Record<string, unknown>>(): Promise<Row | null>;
  all<Row = Record<string, unknown>>(): Promise<QueryResult<Row>>;
  run<Row = Record<string, unknown>>(): Promise<QueryResult<Row>>;
}

/** A Uint8Array or ArrayBuffer is written as a blob. A boolean is written as 0 or 1. */
export type SqlValue = string | number | boolean | null | ArrayBuffer | Uint8Array;

export interface QueryResult<Row> {
  readonly results: Row[];
  /** `changes`: the number of rows that were written. */
  readonly meta: { readonly changes: number };
}
