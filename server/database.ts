import type { Database, QueryResult, SqlValue, Statement } from "../worker/platform/database.ts";
import { isStorageFull, messageOf } from "../worker/errors.ts";
import { codeOf } from "./sqlite/codes.ts";
import { parameterNumbers } from "./sqlite/parameters.ts";
import type { Row, SqlStatement, Value, WriteResult } from "./sqlite/protocol.ts";
import { Reader } from "./sqlite/reader.ts";
import { openSqlite, type Sqlite } from "./sqlite/sqlite.ts";
import type { Writer } from "./sqlite/writer.ts";

/** D1's limit. */
const MAX_PARAMETERS = 100;

/** A query that took this long in its thread runs on the main thread the next time. Milliseconds. */
const SHORT = 1;

/** A query that took longer on the main thread runs in its thread the next time. Milliseconds. */
const LONG = 10;

/**
 * Whether the statement only reads. Where it has a word that writes, even in a string, it is given to the thread that
 * writes, which can read as well.
 */
const READS = /^\s*(?:SELECT\b|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b))/is;

/**
 * The worker's database in an SQLite file, with D1's answers and error texts. Every write is on the disk before it is
 * answered. Blobs are returned as arrays of numbers, as D1 does.
 *
 * Two of D1's limits are not checked: 2 MB for a value, and 50 bytes for a pattern of LIKE.
 *
 * @throws SQLite's error where the file cannot be opened
 */
export async function openDatabase(file: string, writer: Writer): Promise<Database & { close(): Promise<void> }> {
  const sqlite = await openSqlite(file, writer, { durable: true });
  const reader = new Reader(file);
  const queries = new Queries(sqlite, reader);

  async function run(statements: readonly BoundStatement[]): Promise<QueryResult<Row>[]> {
    if (statements.length === 0) throw new Error("D1_ERROR: No SQL statements detected.");
    for (const each of statements) each.check();
    try {
      if (statements.every(({ sql }) => READS.test(sql))) return (await queries.run(statements)).map(queryResult);
      return (await sqlite.write(...statements)).map(writeResult);
    } catch (error) {
      throw d1Error(error);
    }
  }

  return {
    prepare: (sql) => new BoundStatement(run, sql, []),
    batch: <Result>(statements: Statement[]) =>
      run(statements as BoundStatement[]) as unknown as Promise<QueryResult<Result>[]>,
    version() {
      try {
        return sqlite.version();
      } catch {
        // The query that is made then says what is wrong.
        return undefined;
      }
    },
    async close() {
      await reader.end();
      await sqlite.close();
    },
  };
}

/**
 * Runs queries, on the main thread those that have shown to be short. All others run in a thread of their own: jobs read
 * whole tables, and no request must wait for that.
 */
class Queries {
  readonly #sqlite: Sqlite;
  readonly #reader: Reader;
  readonly #short = new Set<string>();

  constructor(sqlite: Sqlite, reader: Reader) {
    this.#sqlite = sqlite;
    this.#reader = reader;
  }

  async run(statements: readonly SqlStatement[]): Promise<Row[][]> {
    if (!statements.every(({ sql }) => this.#short.has(sql))) {
      const { rows, duration } = await this.#reader.read(statements);
      if (duration < SHORT) for (const { sql } of statements) this.#short.add(sql);
      return rows;
    }
    const begun = performance.now();
    const rows = this.#sqlite.readTogether(statements);
    if (performance.now() - begun > LONG) for (const { sql } of statements) this.#short.delete(sql);
    return rows;
  }
}

type Run = (statements: readonly BoundStatement[]) => Promise<QueryResult<Row>[]>;

class BoundStatement implements Statement, SqlStatement {
  readonly #run: Run;
  readonly sql: string;
  readonly values: readonly Value[];

  constructor(run: Run, sql: string, values: readonly Value[]) {
    this.#run = run;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: SqlValue[]): Statement {
    return new BoundStatement(this.#run, this.sql, values.map(sqliteValue));
  }

  /** SQLite itself takes a missing parameter for NULL. */
  check(): void {
    const wanted = Math.max(0, ...parameterNumbers(this.sql));
    if (wanted > MAX_PARAMETERS)
      throw new Error(`D1_ERROR: variable number must be between ?1 and ?${MAX_PARAMETERS}.`);
    if (wanted !== this.values.length) throw new Error("D1_ERROR: Wrong number of parameter bindings for SQL query.");
  }

  async first<Result>(): Promise<Result | null> {
    return (await this.all<Result>()).results[0] ?? null;
  }

  async all<Result>(): Promise<QueryResult<Result>> {
    const [result] = await this.#run([this]);
    return result as unknown as QueryResult<Result>;
  }

  run<Result>(): Promise<QueryResult<Result>> {
    return this.all();
  }
}

function sqliteValue(value: unknown): Value {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  // oxlint-disable-next-line typescript/no-base-to-string -- D1's text
  throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported for value '${String(value)}'`);
}

const queryResult = (rows: Row[]): QueryResult<Row> => ({ results: rows.map(d1Row), meta: { changes: 0 } });

const writeResult = ({ rows, changes }: WriteResult): QueryResult<Row> => ({
  results: rows.map(d1Row),
  meta: { changes },
});

/** The row with its blobs as arrays. */
function d1Row(row: Row): Row {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof Uint8Array) Object.assign(row, { [column]: [...value] });
  }
  return row;
}

function d1Error(error: unknown): Error {
  if (isStorageFull(error)) return error;
  const code = codeOf(error);
  return new Error(`D1_ERROR: ${messageOf(error)}${code ? `: ${code}` : ""}`, { cause: error });
}
