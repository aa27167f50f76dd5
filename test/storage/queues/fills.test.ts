import { expect, test } from "vitest";
import { fillMessage, type FillMessage } from "../../../schema/fill.ts";
import { parseFileRef } from "../../../worker/pypi/file-url.ts";
import { fillQueue } from "../../../worker/storage/queues/fills.ts";
import { FakeQueue } from "../../support/queue.ts";

test("takes more files than the platform takes at once, each once and in their order", async () => {
  const queue = new FakeQueue<FillMessage>();
  // As long as an address may be.
  const folder = "f".repeat(650);
  const refs = Array.from({ length: 250 }, (_, at) => parseFileRef(`files.test/${folder}/p-${at}-py3-none-any.whl`));
  await fillQueue(queue, "source").sendAll(refs);
  expect(queue.messages.map((message) => fillMessage.parse(message))).toEqual(
    refs.map((ref) => ({ source: "source", ref })),
  );
});

test("reports where it could not be queued", async () => {
  const queue = new FakeQueue<FillMessage>();
  queue.down = true;
  const ref = parseFileRef("files.test/p-1-py3-none-any.whl");
  await expect(fillQueue(queue, "source").sendAll([ref])).rejects.toThrow("the queue is away");
});
