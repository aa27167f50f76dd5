import type { Count, Counted, Counters, LastEvent } from "../../repository/ports/counters.ts";
import type { Database, Statement } from "../../platform/database.ts";
import { Gathering } from "./gathered-writes.ts";

/** One statement, however many counts: D1 binds no more than 100 parameters. `WHERE true` ends the SELECT before ON. */
const ADD = `INSERT INTO counter (name, labels, value)
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
  ON CONFLICT (name, labels) DO UPDATE SET value = value + excluded.value`;

/** A later event of its kind takes the place of the earlier one. */
const REMEMBER = `INSERT INTO last_event (event, at, what, reason)
  SELECT value ->> 'event', value ->> 'at', value ->> 'what', value ->> 'reason' FROM json_each(?1) WHERE true
  ON CONFLICT (event) DO UPDATE SET at = excluded.at, what = excluded.what, reason = excluded.reason WHERE excluded.at >= at`;

const SUMS = `SELECT name, labels, value FROM counter
  WHERE name IN (SELECT value FROM json_each(?1)) ORDER BY name, labels`;

/**
 * Counters with their sums in D1: each isolate adds its counts every few minutes. An isolate that ends before that
 * loses a few counts; a write that is reported as failed although it was done counts twice. Avoiding either would cost
 * a write for each request.
 */
export function countersIn(db: Database): Counters {
  const gathering = new Gathering<number>((had, by) => had + by);
  const events = new Gathering<LastEvent>((had, came) => (came.at >= had.at ? came : had));

  /** The statement that adds these counts; none where there are none. */
  const adding = (counts: [string, number][]) =>
    counts.length === 0
      ? []
      : [db.prepare(ADD).bind(JSON.stringify(counts.map(([key, value]) => [...fromKey(key), value])))];

  const remembering = (last: [string, LastEvent][]) =>
    last.length === 0 ? [] : [db.prepare(REMEMBER).bind(JSON.stringify(last.map(([, event]) => event)))];

  /**
   * Writes what was gathered, and reads in the same batch. A database may be readable where it takes no writes, as on a full
   * disk: then what is stored is read without it, and what was gathered is written later.
   */
  async function readAfterWriting<Value, Result>(
    gathered: Gathering<Value>,
    writing: (entries: [string, Value][]) => Statement[],
    query: Statement,
  ): Promise<readonly Result[]> {
    try {
      const results = await gathered.take((entries) => db.batch<Result>([...writing(entries), query]));
      return results.at(-1)?.results ?? [];
    } catch {
      return (await query.all<Result>()).results;
    }
  }

  return {
    add(name, labels, by = 1) {
      gathering.add(toKey(name, labels), by);
    },

    remember({ event, what, reason }, at) {
      events.add(event, { event, at, what: what.slice(0, MAX_TEXT), reason: reason.slice(0, MAX_TEXT) });
    },

    async lastEvents() {
      const query = db.prepare("SELECT event, at, what, reason FROM last_event ORDER BY at DESC");
      return readAfterWriting(events, remembering, query);
    },

    flush(ctx) {
      gathering.flush("the counters", async (counts) => adding(counts)[0]?.run(), ctx);
      events.flush("the last events", async (last) => remembering(last)[0]?.run(), ctx);
    },

    async totals(names) {
      const sums = await readAfterWriting<number, Row>(gathering, adding, db.prepare(SUMS).bind(JSON.stringify(names)));
      return sums.map(({ name, labels, value }): Count => ({
        name,
        labels: JSON.parse(labels) as Count["labels"],
        value,
      }));
    },
  };
}

/** Limit of the text that is kept of an event. Characters. */
const MAX_TEXT = 500;

interface Row {
  readonly name: keyof Counted;
  readonly labels: string;
  readonly value: number;
}

/** Names of counters have no spaces. The labels are sorted only when they are written: a key is made for each request. */
const toKey = (name: string, labels: Readonly<Record<string, string>>) => `${name} ${JSON.stringify(labels)}`;

/** The labels are sorted, so that one combination has one row. */
function fromKey(key: string): [name: string, labels: string] {
  const space = key.indexOf(" ");
  const labels = JSON.parse(key.slice(space + 1)) as Record<string, string>;
  return [key.slice(0, space), JSON.stringify(labels, Object.keys(labels).toSorted())];
}
