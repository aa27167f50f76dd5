import { setTimeout as wait } from "node:timers/promises";
import { endedWithin } from "../ended-within.ts";
import type { SqlStatement } from "../sqlite/protocol.ts";
import type { Sqlite } from "../sqlite/sqlite.ts";
import { SECOND } from "../../worker/duration.ts";
import { messageOf } from "../../worker/errors.ts";
import type { Batch } from "../../worker/platform/queues.ts";
import { openBatch, type OpenBatch } from "./batch.ts";
import { LONGEST_DELAY } from "./longest-delay.ts";
import {
  burial,
  dueTimes,
  givenBack,
  hasten,
  interrupted,
  postponement,
  removal,
  take,
  type TakenMessage,
} from "./store.ts";

/** An entry of wrangler.toml's `[[queues.consumers]]`, whose documentation says what each setting means. */
export interface ConsumerSettings {
  readonly queue: string;
  /** 10 by default. */
  readonly max_batch_size?: number | undefined;
  /**
   * Seconds that a batch which is not full waits for more. 1 by default, not Queues' 5: a delivery within one process costs
   * little, and clients wait for some.
   */
  readonly max_batch_timeout?: number | undefined;
  /** 1 by default: deliveries share one process. */
  readonly max_concurrency?: number | undefined;
  /** 3 by default: a message is delivered at most four times. */
  readonly max_retries?: number | undefined;
  /** Without one, a message that was given up is dropped. */
  readonly dead_letter_queue?: string | undefined;
  /** Seconds between two deliveries, where the consumer does not say. 0 by default. */
  readonly retry_delay?: number | undefined;
}

/** Processes a batch. Where it rejects, the messages that it did not acknowledge are delivered again. */
export type Deliver = (batch: Batch) => Promise<void>;

/** How long what failed at the database is not tried again: the disk may be full. Milliseconds. */
const PAUSE = 5 * SECOND;

interface Surroundings {
  readonly db: Sqlite;
  readonly log: (line: string) => void;
  readonly now: () => number;
  readonly deliver: Deliver;
  /** Called with the name of a queue that has got messages. */
  readonly filled: (queue: string) => void;
}

/** Delivers the messages of one queue. It asks the database when there may be something to deliver, and never by the clock. */
export class QueueConsumer {
  readonly #settings: ConsumerSettings;
  readonly #size: number;
  readonly #around: Surroundings;
  readonly #deliveries = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #taking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: ConsumerSettings, around: Surroundings) {
    this.#settings = settings;
    this.#size = settings.max_batch_size ?? 10;
    this.#around = around;
  }

  /** Releases what the last process had taken: a delivery that it did not finish counts as one that failed. */
  async recover(): Promise<void> {
    const left = interrupted(this.#around.db, this.#settings.queue);
    if (left.length > 0) await this.#write(left.map((message) => this.#again(message, message.dueAt)));
    await this.#hasten();
  }

  /** Delivers what is due by the clock as it is now. */
  async clockWasSetBack(): Promise<void> {
    await this.#hasten();
    this.wake();
  }

  async #hasten(): Promise<void> {
    const { db, log, now } = this.#around;
    const { queue } = this.#settings;
    await hasten(db, queue, now()).catch((error: unknown) =>
      log(`The messages of the queue ${queue} keep the times of a clock that was set back: ${messageOf(error)}.`),
    );
  }

  /** Delivers what is due, and comes back when more is. */
  wake(): void {
    const { max_concurrency = 1 } = this.#settings;
    if (this.#stopping.signal.aborted || this.#taking || this.#deliveries.size >= max_concurrency) return;
    clearTimeout(this.#timer);
    const late = this.#dueIn();
    if (late === undefined) return;
    // A longer time than a timer can wait for (25 days) would be none at all.
    if (late > 0) this.#timer = setTimeout(() => this.wake(), Math.min(late, LONGEST_DELAY * SECOND)).unref();
    else this.#begin();
  }

  /** Begins no further delivery, and waits for those that are under way, so many milliseconds at most. */
  async stop(patience: number): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await endedWithin(patience, this.#deliveries);
  }

  /**
   * Milliseconds until the next batch is to be delivered: once it is full, or once its first message has waited for more.
   * undefined where there is no message.
   */
  #dueIn(): number | undefined {
    const { db, log, now } = this.#around;
    const { queue, max_batch_timeout = 1 } = this.#settings;
    try {
      const times = dueTimes(db, queue, this.#size);
      const [first] = times;
      return first && Math.min(first + max_batch_timeout * SECOND, times[this.#size - 1] ?? Infinity) - now();
    } catch (error) {
      log(`The queue ${queue} cannot be read: ${messageOf(error)}.`);
      return PAUSE;
    }
  }

  #begin(): void {
    this.#taking = true;
    const delivery = this.#takeAndDeliver().finally(() => {
      this.#deliveries.delete(delivery);
      this.wake();
    });
    this.#deliveries.add(delivery);
  }

  async #takeAndDeliver(): Promise<void> {
    const { db, log, now } = this.#around;
    const { queue } = this.#settings;
    let taken: TakenMessage[];
    try {
      taken = await take(db, queue, this.#size, now());
    } catch (error) {
      log(`No message of the queue ${queue} can be taken: ${messageOf(error)}.`);
      await this.#pause();
      return;
    } finally {
      this.#taking = false;
    }
    if (this.#stopping.signal.aborted) return this.#write(taken.map(givenBack));
    // Another delivery may begin beside this one.
    this.wake();
    if (taken.length > 0) await this.#deliver(taken);
  }

  async #deliver(taken: readonly TakenMessage[]): Promise<void> {
    const { queue } = this.#settings;
    const open = openBatch(queue, taken);
    let threw = false;
    try {
      await this.#around.deliver(open.batch);
    } catch (error) {
      threw = true;
      this.#around.log(`A delivery of the queue ${queue} failed: ${messageOf(error)}.`);
    }
    await this.#write(taken.map((message) => this.#outcome(message, open, threw)));
    const dead = this.#settings.dead_letter_queue;
    if (dead !== undefined) this.#around.filled(dead);
  }

  #outcome(message: TakenMessage, open: OpenBatch, threw: boolean): SqlStatement {
    const decision = open.decisionOf(message, threw);
    if (decision.kind === "ack") return removal(message);
    return this.#again(message, this.#around.now() + SECOND * (decision.delay ?? this.#settings.retry_delay ?? 0));
  }

  /** Has a message delivered again, or gives it up after the last of its deliveries. */
  #again(message: TakenMessage, dueAt: number): SqlStatement {
    const { queue, max_retries = 3, dead_letter_queue } = this.#settings;
    const { log, now } = this.#around;
    if (message.attempts <= max_retries) return postponement(message, dueAt);
    if (dead_letter_queue !== undefined) return burial(message, dead_letter_queue, now());
    log(
      `The message ${message.id} of the queue ${queue} is dropped: each of its ${message.attempts} deliveries failed.`,
    );
    return removal(message);
  }

  /** Writes at last, however often it fails: messages that stayed taken would not be delivered before the next start. */
  async #write(statements: readonly SqlStatement[]): Promise<void> {
    for (;;) {
      try {
        await this.#around.db.write(...statements);
        return;
      } catch (error) {
        const { queue } = this.#settings;
        this.#around.log(`The results of a delivery of the queue ${queue} cannot be stored: ${messageOf(error)}.`);
        // After a restart they are delivered again.
        if (this.#stopping.signal.aborted) return;
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await wait(PAUSE, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
  }
}
