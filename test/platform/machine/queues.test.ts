import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openQueues, type Queues } from "../../../server/queues/queues.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { consume, CONSUMERS, type DeliveredTogether, queueSuite } from "../suites/queues.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-queues-"));
const writer = new Writer();
const deliveries: DeliveredTogether[] = [];
let queues: Queues;

beforeAll(async () => {
  queues = await openQueues(join(folder, "queues.sqlite"), writer, CONSUMERS, { log: () => undefined });
  const record = (delivery: DeliveredTogether) => Promise.resolve(deliveries.push(delivery));
  await queues.start((batch) => consume(batch, record));
});
afterAll(async () => {
  await queues.stop(1_000);
  await queues.close();
  await writer.end();
  rmSync(folder, { recursive: true });
});

queueSuite(() => ({ queue: (name) => queues.queue(name), deliveries }), { acksSurviveThrow: true });
