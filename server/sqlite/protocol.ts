/** What node:sqlite binds and returns. */
export type Value = string | number | null | Uint8Array;

export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly Value[];
}

export type Row = Record<string, Value>;

export interface WriteResult {
  readonly rows: Row[];
  /** Rows that the statement inserted, changed or deleted. */
  readonly changes: number;
}

/** What the main thread asks of the thread that writes. `open` and `close` name the file; `write` is one transaction. */
export type WriterRequest =
  | { readonly kind: "open"; readonly id: number; readonly file: string; readonly durable: boolean }
  | { readonly kind: "write"; readonly id: number; readonly file: string; readonly statements: readonly SqlStatement[] }
  | { readonly kind: "close"; readonly id: number; readonly file: string };

export type WriterReply =
  | { readonly id: number; readonly results: readonly WriteResult[] }
  | { readonly id: number; readonly error: string };
