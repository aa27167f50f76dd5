import { expect, test } from "vitest";
import { refreshMessage, type RefreshMessage } from "../../../schema/refresh.ts";
import { asProjectName, type ProjectName } from "../../../worker/pypi/name.ts";
import { refreshQueue } from "../../../worker/storage/queues/refreshes.ts";
import { FakeQueue } from "../../support/queue.ts";

const SOURCE = "https%3A%2F%2Fupstream.test%2Fsimple%2F";

/** A queue that also knows how many messages, and bytes, came at once. */
class Watched extends FakeQueue<RefreshMessage> {
  readonly batches: { messages: number; bytes: number }[] = [];

  override sendBatch(messages: Iterable<MessageSendRequest<RefreshMessage>>) {
    const bodies = [...messages];
    this.batches.push({ messages: bodies.length, bytes: JSON.stringify(bodies.map(({ body }) => body)).length });
    return super.sendBatch(bodies);
  }
}

const names = (count: number, padding = "") =>
  Array.from({ length: count }, (_, at) => asProjectName(`project-${at}${padding}`) as ProjectName);

test("names are packed by the hundred, each once, into messages that their reader takes", async () => {
  const queue = new Watched();
  await refreshQueue(queue, SOURCE).send([...names(250), ...names(10)], "feed");
  expect(queue.messages.map(({ projects }) => projects.length)).toEqual([100, 100, 50]);
  expect(queue.messages.flatMap((message) => refreshMessage.parse(message).names)).toEqual(names(250));
  expect(queue.messages[0]).toMatchObject({ source: SOURCE, cause: "feed" });
});

test("no batch is larger than the platform takes, in messages or in bytes", async () => {
  const queue = new Watched();
  await refreshQueue(queue, SOURCE).send(names(10_500), "popular");
  await refreshQueue(queue, SOURCE).send(names(2_000, "-x".repeat(50)), "popular");
  expect(queue.messages).toHaveLength(105 + 20);
  expect(Math.max(...queue.batches.map(({ messages }) => messages))).toBeLessThanOrEqual(100);
  expect(Math.max(...queue.batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(128_100);
});

test("no names make no message, and a failing queue rejects", async () => {
  const queue = new Watched();
  await refreshQueue(queue, SOURCE).send([], "feed");
  expect(queue.batches).toEqual([]);
  queue.down = true;
  await expect(refreshQueue(queue, SOURCE).send(names(1), "feed")).rejects.toThrow("away");
});
