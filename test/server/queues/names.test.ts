import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FillMessage } from "../../../schema/fill.ts";
import { openMachine } from "../../../server/machine.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../schema/migrations");

test("the queues have the names that the configuration gives them", async () => {
  const state = mkdtempSync(join(tmpdir(), "pypi-edge-names-"));
  const consumers = ["acme-refreshes", "acme-fills"].map((queue) => ({ queue, max_batch_timeout: 0 }));
  const machine = await openMachine({ state, migrations: MIGRATIONS, consumers, log: () => undefined });
  try {
    const { promise: delivered, resolve } = Promise.withResolvers<unknown>();
    await machine.queues.start(async ({ queue, messages }) => {
      for (const message of messages) message.ack();
      resolve([queue, messages.map(({ body }) => body)]);
    });
    const message: FillMessage = { source: "s", file: "f/1", part: "file" };
    await machine.platform.fills.send(message);
    expect(await delivered).toEqual(["acme-fills", [message]]);
    await machine.queues.stop(1_000);
  } finally {
    await machine.close();
    rmSync(state, { recursive: true });
  }
});
