/** The tables that a run of the matrix ends with, by what the clients in them do. */
export const TABLES = ["installing", "publishing"] as const;

export type TableName = (typeof TABLES)[number];

/** Which cell a test is. */
export interface Cell {
  readonly table: TableName;
  readonly row: string;
  readonly column: string;
  /** Why there is nothing to try. */
  readonly note: string | undefined;
}

declare module "vitest" {
  interface TaskMeta {
    cell?: Cell;
    /** What there is to say of a test at the end of the run. */
    summary?: string;
  }
}
