import { Writer } from "../../../server/sqlite/writer.ts";
import { openQueues } from "../../../server/queues/queues.ts";

/**
 * A process to be killed: `node sender.ts FILE`. It prints the number of each message that was accepted, and begins a
 * delivery that never ends of the first.
 */
const [file = ""] = process.argv.slice(2);
const queues = await openQueues(file, new Writer(), [{ queue: "q", max_batch_size: 1 }]);
const queue = queues.queue<number>("q");
await queue.send(0);
const begun = Promise.withResolvers<void>();
await queues.start(() => {
  begun.resolve();
  return new Promise(() => undefined);
});
await begun.promise;
for (let number = 1; ; number++) {
  await queue.send(number);
  process.stdout.write(`${number}\n`);
}
