import { SECOND } from "../../worker/duration.ts";
import { LONGEST_DELAY } from "./longest-delay.ts";
import type { SqlStatement } from "../sqlite/protocol.ts";
import { type Sqlite, statement } from "../sqlite/sqlite.ts";

/**
 * `taken`: a delivery of the message is under way. `attempts` counts it already: a message that ends the process is given up
 * in the end, too. `number` gives the order of messages that are due at the same time.
 */
export const MESSAGES = [
  `CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  "CREATE INDEX IF NOT EXISTS message_due ON message (queue, taken, due_at, number)",
];

/** `body` is JSON; `dueAt` is when it is to be delivered, in milliseconds since the epoch. */
export interface NewMessage {
  readonly id: string;
  readonly body: string;
  readonly dueAt: number;
}

/** A message whose delivery is under way. */
export interface TakenMessage extends NewMessage {
  readonly number: number;
  /** 1 at the first delivery. */
  readonly attempts: number;
}

export const insertion = (queue: string, { id, body, dueAt }: NewMessage): SqlStatement =>
  statement("INSERT INTO message (id, queue, body, due_at) VALUES (?1, ?2, ?3, ?4)", id, queue, body, dueAt);

/** When the first messages of a queue are due that no delivery has: at most `limit` of them, in order. */
export function dueTimes(db: Sqlite, queue: string, limit: number): number[] {
  const rows = db.read(
    "SELECT due_at FROM message WHERE queue = ?1 AND taken = 0 ORDER BY due_at, number LIMIT ?2",
    queue,
    limit,
  );
  return rows.map((row) => Number(row["due_at"]));
}

/** Takes the first messages that are due, at most `limit`, and returns them in order. */
export async function take(db: Sqlite, queue: string, limit: number, now: number): Promise<TakenMessage[]> {
  const [result] = await db.write(
    statement(
      `UPDATE message SET taken = 1, attempts = attempts + 1 WHERE number IN (
        SELECT number FROM message WHERE queue = ?1 AND taken = 0 AND due_at <= ?2 ORDER BY due_at, number LIMIT ?3
      ) RETURNING number, id, body, due_at AS dueAt, attempts`,
      queue,
      now,
      limit,
    ),
  );
  // RETURNING has no order (https://sqlite.org/lang_returning.html).
  return ((result?.rows ?? []) as unknown as TakenMessage[]).toSorted(
    (a, b) => a.dueAt - b.dueAt || a.number - b.number,
  );
}

/**
 * Has the messages delivered at `now` that would be due later than any delay allows: the clock was set back since they
 * were sent.
 */
export async function hasten(db: Sqlite, queue: string, now: number): Promise<void> {
  const latest = now + LONGEST_DELAY * SECOND;
  const isNeeded = db.read("SELECT 1 FROM message WHERE queue = ?1 AND due_at > ?2 LIMIT 1", queue, latest).length > 0;
  if (isNeeded)
    await db.write(statement("UPDATE message SET due_at = ?2 WHERE queue = ?1 AND due_at > ?3", queue, now, latest));
}

/** Undoes `take` for a message that was not delivered. */
export const givenBack = ({ number }: TakenMessage): SqlStatement =>
  statement("UPDATE message SET taken = 0, attempts = attempts - 1 WHERE number = ?1", number);

export const removal = ({ number }: TakenMessage): SqlStatement =>
  statement("DELETE FROM message WHERE number = ?1", number);

export const postponement = ({ number }: TakenMessage, dueAt: number): SqlStatement =>
  statement("UPDATE message SET taken = 0, due_at = ?2 WHERE number = ?1", number, dueAt);

/** Moves the message to a dead letter queue, where its attempts begin anew; its id stays. */
export const burial = ({ number }: TakenMessage, queue: string, now: number): SqlStatement =>
  statement(
    "UPDATE message SET queue = ?2, taken = 0, attempts = 0, due_at = ?3 WHERE number = ?1",
    number,
    queue,
    now,
  );

/** The messages whose deliveries ended with the process that had taken them. */
export function interrupted(db: Sqlite, queue: string): TakenMessage[] {
  return db.read(
    `SELECT number, id, body, due_at AS dueAt, attempts FROM message
      WHERE queue = ?1 AND taken = 1 ORDER BY due_at, number`,
    queue,
  ) as unknown as TakenMessage[];
}
