import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parameterNumbers } from "./parameters.ts";
import type { Row, SqlStatement, Value } from "./protocol.ts";

/** A connection, with the statements that it has prepared. Texts of statements are constants of the program: they are few. */
export class Connection {
  readonly db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.db = db;
    // What undoes a savepoint goes into a temporary file otherwise, and the file system of a container is often read-only.
    db.exec("PRAGMA temp_store = MEMORY");
  }

  all(sql: string, ...values: readonly Value[]): Row[] {
    const statement = this.#prepared.get(sql) ?? this.db.prepare(sql);
    this.#prepared.set(sql, statement);
    const numbers = parameterNumbers(sql);
    if (numbers.length === 0) return statement.all(...values) as Row[];
    // Early versions of Node 22 bind a numbered parameter by its name only, which is `?1`.
    return statement.all(
      Object.fromEntries(numbers.map((n) => [`?${n}`, values[n - 1]])) as Record<string, Value>,
    ) as Row[];
  }

  /** Another number after each commit of another connection, also of another process. Throws SQLite's error. */
  version(): number {
    return Number(this.all("PRAGMA data_version")[0]?.["data_version"]);
  }

  /** Reads several times from one state of the database. */
  together(statements: readonly SqlStatement[]): Row[][] {
    const [only] = statements;
    if (only && statements.length === 1) return [this.all(only.sql, ...only.values)];
    this.db.exec("BEGIN");
    try {
      return statements.map(({ sql, values }) => this.all(sql, ...values));
    } finally {
      this.db.exec("COMMIT");
    }
  }
}
