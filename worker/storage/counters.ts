import { messageOf } from "../errors.ts";
import type { Count, Counted, Counters } from "../repository/ports.ts";

/** How long an isolate gathers counts before it writes them. Milliseconds. */
const GATHER = 5 * 60_000;

/** One statement, however many counts: D1 binds no more than 100 parameters. `WHERE true` ends the SELECT before ON. */
const ADD = `INSERT INTO counter (name, labels, value)
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
  ON CONFLICT (name, labels) DO UPDATE SET value = value + excluded.value`;

const SUMS = `SELECT name, labels, value FROM counter
  WHERE name IN (SELECT value FROM json_each(?1)) ORDER BY name, labels`;

/**
 * Counters whose sums are in D1: many isolates answer, and each adds what it has counted every few minutes. An isolate that
 * ends before loses a few counts; a write that fails after it was done counts them twice. Neither is worth a write a request.
 */
export function countersIn(db: D1Database): Counters {
  let unwritten = new Map<string, number>();
  let writtenAt: number | undefined;

  const add = (key: string, by: number) => unwritten.set(key, (unwritten.get(key) ?? 0) + by);

  /** Runs `write` with the statements that add what is not written yet, and puts it back where that fails. */
  async function taking<T>(write: (statements: D1PreparedStatement[]) => Promise<T>): Promise<T> {
    const taken = unwritten;
    unwritten = new Map();
    try {
      const rows = [...taken].map(([key, value]) => [...fromKey(key), value]);
      return await write(rows.length > 0 ? [db.prepare(ADD).bind(JSON.stringify(rows))] : []);
    } catch (error) {
      for (const [key, value] of taken) add(key, value);
      throw error;
    }
  }

  return {
    add(name, labels, by = 1) {
      add(toKey(name, labels), by);
    },

    flush(ctx) {
      writtenAt ??= ctx.now;
      if (ctx.now - writtenAt < GATHER || unwritten.size === 0) return;
      writtenAt = ctx.now;
      const flushed = taking(async ([statement]) => statement?.run());
      const report = (error: unknown) =>
        ctx.report({ event: "storage-failed", what: "the counters", reason: messageOf(error) });
      ctx.defer(flushed.catch(report));
    },

    async totals(names) {
      const results = await taking((statements) =>
        db.batch<Row>([...statements, db.prepare(SUMS).bind(JSON.stringify(names))]),
      );
      return (results.at(-1)?.results ?? []).map(({ name, labels, value }): Count => ({
        name,
        labels: JSON.parse(labels) as Count["labels"],
        value,
      }));
    },
  };
}

interface Row {
  readonly name: keyof Counted;
  readonly labels: string;
  readonly value: number;
}

/** No counter's name has a space. The labels' keys are sorted, so that one combination has one row. */
const toKey = (name: string, labels: object) => `${name} ${JSON.stringify(labels, Object.keys(labels).toSorted())}`;

function fromKey(key: string): [name: string, labels: string] {
  const space = key.indexOf(" ");
  return [key.slice(0, space), key.slice(space + 1)];
}
