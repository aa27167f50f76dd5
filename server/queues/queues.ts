import type { MessageQueue } from "../../worker/platform/queues.ts";
import { openSqlite, type Sqlite } from "../sqlite/sqlite.ts";
import type { Writer } from "../sqlite/writer.ts";
import { QueueConsumer, type ConsumerSettings, type Deliver } from "./consumer.ts";
import { messagesOf, oneMessage } from "./messages.ts";
import { insertion, MESSAGES, type NewMessage } from "./store.ts";

/** All queues of a machine, in one SQLite file. */
export interface Queues {
  /**
   * A queue to send to. Once `send` or `sendBatch` has resolved, the messages are on the disk. They reject with Queues'
   * texts where a message or batch is too large, and with SQLite's where it cannot be stored; then none has been sent.
   */
  queue<Body>(name: string): MessageQueue<Body>;
  /**
   * Delivers the messages of each queue that has a consumer: at least once, in the order in which they are due. Of what an
   * earlier process was delivering when it ended, the attempts are counted.
   */
  start(deliver: Deliver): Promise<void>;
  /** Delivers also what would be due only once the clock has come to where it was. */
  clockWasSetBack(): Promise<void>;
  /** Begins no further delivery, and waits for those under way, so many milliseconds at most. The rest stays stored. */
  stop(patience: number): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  /** One line a problem. */
  readonly log?: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Opens the queues in an SQLite file, which is made where there is none.
 *
 * @param settings the consumers, as wrangler.toml's `[[queues.consumers]]` has them
 */
export async function openQueues(
  file: string,
  writer: Writer,
  settings: readonly ConsumerSettings[],
  { log = console.error, now = Date.now }: Options = {},
): Promise<Queues> {
  const db = await openSqlite(file, writer, { durable: true, schema: MESSAGES });
  const consumers = new Map<string, QueueConsumer>();
  const filled = (queue: string) => consumers.get(queue)?.wake();
  return {
    queue: (name) => senderTo(name, db, now, filled),
    async start(deliver) {
      for (const each of settings)
        consumers.set(each.queue, new QueueConsumer(each, { db, log, now, deliver, filled }));
      // All of them before any delivery: a dead letter queue may get messages by it.
      await Promise.all([...consumers.values()].map((consumer) => consumer.recover()));
      for (const consumer of consumers.values()) consumer.wake();
    },
    async clockWasSetBack() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.clockWasSetBack()));
    },
    async stop(patience) {
      await Promise.all([...consumers.values()].map((consumer) => consumer.stop(patience)));
    },
    close: () => db.close(),
  };
}

function senderTo<Body>(
  queue: string,
  db: Sqlite,
  now: () => number,
  filled: (queue: string) => void,
): MessageQueue<Body> {
  const store = async (messages: readonly NewMessage[]) => {
    await db.write(...messages.map((message) => insertion(queue, message)));
    filled(queue);
  };
  return {
    async send(body, options) {
      await store([oneMessage({ body, ...options }, now())]);
    },
    async sendBatch(batch) {
      await store(messagesOf(batch, now()));
    },
  };
}
