import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { queueRole, type QueueRole } from "../schema/queues.ts";
import { HOUR, inSeconds, MINUTE } from "../worker/duration.ts";
import { DURABLE_PREFIXES } from "../worker/platform/objects.ts";
import type { Platform } from "../worker/platform/platform.ts";
import { openCache } from "./cache.ts";
import { openDatabase } from "./database.ts";
import { openFetch } from "./fetch/fetch.ts";
import { requestFacts } from "./http/request-facts.ts";
import { openKeyValue } from "./key-value.ts";
import { makeFolder } from "./make-folder.ts";
import { memoryBody } from "./memory-body.ts";
import { checkDatabase, migrate } from "./migrate.ts";
import { openCacheFile } from "./open-cache.ts";
import { openObjects } from "./objects/open-objects.ts";
import { freeBytes } from "./objects/room.ts";
import { copyingPipe } from "./pipe.ts";
import type { ConsumerSettings } from "./queues/consumer.ts";
import { openQueues, type Queues } from "./queues/queues.ts";
import type { ProxyFor } from "./proxies/proxies.ts";
import { openRateLimiter, type RateLimit } from "./rate-limiter.ts";
import { releaseReserve } from "./reserve.ts";
import { revalidatePages } from "./revalidate-pages.ts";
import { StateWatch } from "./state-watch.ts";
import { orUnusable } from "./unusable-database.ts";
import { Writer } from "./sqlite/writer.ts";

/**
 * A file from memory is answered several times as fast as from the disk, and memory is the machine's own: three quarters
 * of all wheels are smaller than `largest`. Bytes.
 */
const FILE_MEMORY = { budget: 32 * 1024 * 1024, largest: 256 * 1024 };

/** A disk does not say which bits have flipped. One object a second: a hundred thousand in 28 hours. */
const SCRUB = inSeconds(HOUR);

/** What comes of it where a damaged file is moved away. */
const WITHOUT = {
  objects: "files that were uploaded or carried here are found again, and all others are fetched again",
  queues: "what it had to do is lost, such as messages for receivers, and files of locks that were still to be stored",
} as const;

/** One machine as a platform, with all that it has stored. */
export interface Machine {
  readonly platform: Platform;
  readonly queues: Queues;
  /** Closes all files. All requests, deliveries and jobs must have ended. */
  close(): Promise<void>;
}

interface MachineOptions {
  /** The state directory; schema/STORAGE.md says what lies where. */
  readonly state: string;
  /** The folder of the migrations. */
  readonly migrations: string;
  /** The queues' consumers, as wrangler.toml has them. */
  readonly consumers: readonly ConsumerSettings[];
  /** How many requests for what is not stored one network may send. Where it is left out, any number. */
  readonly newFromNetwork?: RateLimit | undefined;
  /** Where it is left out, upstreams are asked directly. */
  readonly proxyFor?: ProxyFor | undefined;
  /** Takes a sentence for each problem of a queue. */
  readonly log: (line: string) => void;
}

const NO_LIMIT: RateLimit = { limit: Infinity, period: MINUTE };

/**
 * Opens the stores in a directory, which are made where there are none, and applies the migrations.
 *
 * @throws UnusableDatabase, whose message is a sentence for the user, `storage-full`, or the system's or SQLite's error
 */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const { state, migrations, consumers, newFromNetwork = NO_LIMIT, proxyFor, log } = options;
  makeFolder(state);
  const file = (name: string) => join(state, `${name}.sqlite`);
  const reserve = await releaseReserve(join(state, "reserve"));
  await checkDatabase(file("database"), migrations);
  const opened: (() => Promise<void>)[] = [async () => reserve.close()];
  const close = async () => {
    const failures: unknown[] = [];
    // What cannot be written any more must not keep the rest open.
    for (const each of opened.splice(0).toReversed()) await each().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    // What the cache writes must not wait for the disk, as the others' commits do.
    const [writer, cacheWriter] = [new Writer(), new Writer()];
    opened.push(
      () => writer.end(),
      () => cacheWriter.end(),
    );
    const database = await openDatabase(file("database"), writer);
    opened.push(() => database.close());
    await migrate(database, migrations);
    // It is closed after the cache: it then notes that all was closed in good order.
    const objects = await orUnusable(file("objects"), WITHOUT.objects, () =>
      openObjects(state, writer, { durable: DURABLE_PREFIXES, log }),
    );
    opened.push(() => objects.close());
    if (!objects.wasClosed) await revalidatePages(database);
    const cached = await openCacheFile(file("cache"), cacheWriter, log);
    const [keyValue, cache] = [openKeyValue(cached, Date.now), openCache(cached, Date.now)];
    opened.push(
      () => cached.close(),
      () => keyValue.close(),
      () => cache.close(),
    );
    const queues = await orUnusable(file("queues"), WITHOUT.queues, () =>
      openQueues(file("queues"), writer, consumers, { log }),
    );
    opened.push(() => queues.close());
    const { fetch, close: closeFetch } = openFetch({ ...(proxyFor && { proxyFor }) });
    opened.push(closeFetch);
    await reserve.renew();
    const watch = new StateWatch({ state, open: ["database", "objects", "queues"].map(file), log });
    opened.push(async () => watch.close());
    const platform: Platform = {
      objects,
      openSpool: objects.openSpool,
      keyValue,
      database,
      fills: queues.queue(nameOf("fills", consumers)),
      refreshes: queues.queue(nameOf("refreshes", consumers)),
      mirrors: queues.queue(nameOf("mirrors", consumers)),
      notices: queues.queue(nameOf("notices", consumers)),
      newFromNetwork: openRateLimiter(newFromNetwork, Date.now),
      cache,
      // The cache is this state directory's own.
      deployment: "",
      // The database is in this process: to read it takes some µs.
      staleness: { reuse: 0, skew: 0 },
      fileMemory: FILE_MEMORY,
      shareReads: false,
      pipe: copyingPipe,
      bodyOf: memoryBody,
      fetch,
      now: Date.now,
      sleep: (milliseconds) => sleep(milliseconds),
      ...requestFacts,
      // What goes on after a client has left is ended by the server's stop only.
      finishAlone: Infinity,
      freeBytes: () => freeBytes(state),
      scrub: SCRUB,
      trouble: () => watch.trouble(),
    };
    return { platform, queues, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** The name of a queue in the configuration. One that no consumer reads gets no messages. */
const nameOf = (role: QueueRole, consumers: readonly ConsumerSettings[]) =>
  consumers.find(({ queue }) => queueRole(queue) === role)?.queue ?? role;
