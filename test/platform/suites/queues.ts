import { describe, expect, test, vi } from "vitest";
import type { ConsumerSettings } from "../../../server/queues/consumer.ts";
import type { Batch, MessageQueue } from "../../../worker/platform/queues.ts";

const ofThree = (queue: string): ConsumerSettings => ({ queue, max_batch_size: 3, max_batch_timeout: 1 });

/** The settings of each queue that the sentences below use, as in wrangler.toml. Sentences run beside each other. */
export const CONSUMERS: readonly ConsumerSettings[] = [
  { queue: "one", max_batch_size: 1 },
  { queue: "slow-retry", max_batch_size: 1, retry_delay: 1 },
  { queue: "buried", max_batch_size: 1, max_retries: 1, dead_letter_queue: "dead" },
  { queue: "dead", max_batch_size: 1 },
  { queue: "dropped", max_batch_size: 1, max_retries: 1 },
  ...["full", "again", "thrown"].map(ofThree),
];

/** What the consumer does at the first delivery of a message, at the second, …; it returns at all others. */
export interface Planned {
  readonly name: string;
  readonly acts?: readonly ("ack" | "retry" | "retry in 1 s" | "throw")[][];
}

/** A message as it was delivered; `at`: when, in milliseconds since the epoch. */
export interface Delivered {
  readonly id: string;
  readonly name: string;
  readonly attempts: number;
  readonly at: number;
}

export interface DeliveredTogether {
  readonly queue: string;
  readonly messages: readonly Delivered[];
}

/** The consumer. It runs in workerd as well, from its text alone: it uses nothing of this file. */
export async function consume(batch: Batch, record: (delivery: DeliveredTogether) => Promise<unknown>): Promise<void> {
  await record({
    queue: batch.queue,
    messages: batch.messages.map(({ id, body, attempts }) => {
      return { id, name: (body as Planned).name, attempts, at: Date.now() };
    }),
  });
  let throws = false;
  for (const message of batch.messages) {
    for (const act of (message.body as Planned).acts?.[message.attempts - 1] ?? []) {
      if (act === "ack") message.ack();
      if (act === "retry") message.retry();
      if (act === "retry in 1 s") message.retry({ delaySeconds: 1 });
      if (act === "throw") throws = true;
    }
  }
  if (throws) throw new Error("the consumer failed");
}

export interface QueueRig {
  queue(name: string): MessageQueue;
  /** All deliveries so far, oldest first. */
  readonly deliveries: readonly DeliveredTogether[];
}

/** @param acksSurviveThrow false: what a consumer acknowledged before it threw is delivered again */
export function queueSuite(rig: () => QueueRig, { acksSurviveThrow }: { readonly acksSurviveThrow: boolean }): void {
  const named = (prefix: string) =>
    rig()
      .deliveries.flatMap(({ messages }) => messages)
      .filter(({ name }) => name.startsWith(prefix));
  /** The deliveries of messages whose names begin like this, once there are so many. */
  const delivered = async (prefix: string, count: number) => {
    await vi.waitUntil(() => named(prefix).length >= count, { timeout: 10_000, interval: 10 });
    return named(prefix);
  };
  /** The same, where no further delivery followed within a moment. */
  const deliveredAtLast = async (prefix: string, count: number) => {
    await delivered(prefix, count);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return named(prefix);
  };
  const attempts = (messages: readonly Delivered[]) => messages.map(({ name, attempts: nth }) => `${name} ${nth}`);
  const send = (queue: string, message: Planned, delaySeconds = 0) =>
    rig().queue(queue).send(message, { contentType: "json", delaySeconds });

  describe.concurrent("queues", () => {
    test("a message is delivered once, with an id", async () => {
      await send("one", { name: "once" });
      expect(await deliveredAtLast("once", 1)).toMatchObject([
        { name: "once", attempts: 1, id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      ]);
    });

    test("a full batch is delivered at once, the rest when it has waited for more, and all in order", async () => {
      await rig()
        .queue("full")
        .sendBatch(["a", "b", "c", "d"].map((name) => ({ body: { name: `batch ${name}` }, contentType: "json" })));
      const messages = await delivered("batch", 4);
      const together = rig().deliveries.filter(({ messages: [first] }) => first?.name.startsWith("batch"));
      expect(together.map(({ messages: { length } }) => length)).toEqual([3, 1]);
      expect(attempts(messages)).toEqual(["batch a 1", "batch b 1", "batch c 1", "batch d 1"]);
      expect((messages[3]?.at ?? 0) - (messages[0]?.at ?? 0)).toBeGreaterThan(500);
    });

    test("a message that is sent for another delivery comes again with its id, and its neighbours do not", async () => {
      await rig()
        .queue("again")
        .sendBatch([
          { body: { name: "again a", acts: [["retry"], ["retry"]] } },
          { body: { name: "again b", acts: [["ack"]] } },
          { body: { name: "again c" } },
        ]);
      const messages = await deliveredAtLast("again", 5);
      expect(attempts(messages).toSorted()).toEqual(["again a 1", "again a 2", "again a 3", "again b 1", "again c 1"]);
      const same = messages.filter(({ name }) => name === "again a");
      expect(new Set(same.map(({ id }) => id)).size).toBe(1);
    });

    test("a message can be sent, or sent for another delivery, with a delay", async () => {
      const before = Date.now();
      await send("one", { name: "late", acts: [["retry in 1 s"]] }, 1);
      const [first, second] = await delivered("late", 2);
      expect((first?.at ?? 0) - before).toBeGreaterThanOrEqual(990);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
    });

    test("the consumer's retry_delay is for deliveries that failed without a delay of their own", async () => {
      await send("slow-retry", { name: "paused", acts: [["throw"]] });
      const [first, second] = await delivered("paused", 2);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
    });

    test("where the consumer throws, what it did not acknowledge is delivered again", async () => {
      await rig()
        .queue("thrown")
        .sendBatch([
          { body: { name: "thrown a", acts: [["ack"]] } },
          { body: { name: "thrown b", acts: [["throw"]] } },
          { body: { name: "thrown c" } },
        ]);
      const messages = await deliveredAtLast("thrown", acksSurviveThrow ? 5 : 6);
      const again = messages.filter(({ attempts: nth }) => nth === 2).map(({ name }) => name);
      expect(again.toSorted()).toEqual([...(acksSurviveThrow ? [] : ["thrown a"]), "thrown b", "thrown c"]);
    });

    test("of several decisions on a message the first counts", async () => {
      await send("one", { name: "first ack", acts: [["ack", "retry"]] });
      await send("one", { name: "first retry", acts: [["retry", "ack"]] });
      expect(attempts(await deliveredAtLast("first", 3)).toSorted()).toEqual([
        "first ack 1",
        "first retry 1",
        "first retry 2",
      ]);
    });

    test("after the last delivery a message goes to the dead letter queue, where it begins anew under its id", async () => {
      await send("buried", { name: "dies", acts: [["throw"], ["retry"]] });
      const messages = await deliveredAtLast("dies", 5);
      const queues = rig().deliveries.filter(({ messages: [first] }) => first?.name === "dies");
      expect(queues.map(({ queue }) => queue)).toEqual(["buried", "buried", "dead", "dead", "dead"]);
      expect(messages.map(({ attempts: nth }) => nth)).toEqual([1, 2, 1, 2, 3]);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
    });

    test("without a dead letter queue it is dropped after the last delivery", async () => {
      await send("dropped", { name: "lost", acts: [["retry"], ["retry"], ["retry"]] });
      expect(attempts(await deliveredAtLast("lost", 2))).toEqual(["lost 1", "lost 2"]);
    });

    test("a message has at most 128,000 bytes of JSON, counted in UTF-8", async () => {
      const queue = rig().queue("one");
      const ofBytes = (bytes: number) => ({ name: `é${"x".repeat(bytes - 13)}` });
      await queue.send(ofBytes(128_000), { contentType: "json" });
      await expect(queue.send(ofBytes(128_001), { contentType: "json" })).rejects.toThrow(
        "Queue send failed: message length of 128001 bytes exceeds limit of 128000",
      );
      await expect(queue.sendBatch([{ body: ofBytes(128_001), contentType: "json" }])).rejects.toThrow(
        "Queue sendBatch failed: message in batch has length 128001 bytes which exceeds single message size limit of 128000",
      );
    });

    test("a batch has at least one message and at most 100, of 256,000 bytes together, and is stored whole or not", async () => {
      const queue = rig().queue("one");
      const many = (count: number, text: string) =>
        Array.from({ length: count }, () => ({ body: { name: `many ${text}` }, contentType: "json" as const }));
      await expect(queue.sendBatch([])).rejects.toThrow("sendBatch() requires at least one message");
      await expect(queue.sendBatch(many(101, ""))).rejects.toThrow(
        "Queue sendBatch failed: batch message count of 101 exceeds limit of 100",
      );
      await expect(queue.sendBatch(many(3, "x".repeat(100_000)))).rejects.toThrow(
        /^Queue sendBatch failed: batch size of 3\d{5} bytes exceeds limit of 2\d{5}$/,
      );
      await queue.sendBatch(many(100, "right"));
      expect(await deliveredAtLast("many", 100)).toHaveLength(100);
    });
  });
}
