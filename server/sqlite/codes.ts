/** SQLite's primary result codes, by number: https://www.sqlite.org/rescode.html. Those that a program of ours can meet. */
const CODES: Readonly<Record<number, string>> = {
  1: "SQLITE_ERROR",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  26: "SQLITE_NOTADB",
};

/** The name of an error's result code; undefined where the error is not SQLite's. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  // The upper bits of an extended code say more about the primary one.
  return CODES[code & 0xff];
}

/** Whether SQLite says of a file that it is damaged, or no database. */
export function saysDamaged(error: unknown): boolean {
  const code = codeOf(error);
  return code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT";
}
