import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { SCHEDULE } from "../../worker/jobs/schedule.ts";
import { CRON_INTERVALS } from "../../worker/jobs/overdue-crons.ts";
import { QUEUE_ROLES, queueRole } from "../../schema/queues.ts";
import TEXT from "../../wrangler.toml?raw";

interface Settings {
  triggers: { crons: string[] };
  queues: { producers: { queue: string }[]; consumers: { queue: string; dead_letter_queue?: string }[] };
}

const { triggers, queues } = parse(TEXT) as unknown as Settings;

test("wrangler.toml's crons are those that a job is started by, and no others", () => {
  expect(triggers.crons.toSorted()).toEqual(Object.keys(SCHEDULE).toSorted());
  expect(Object.keys(CRON_INTERVALS)).toEqual(Object.keys(SCHEDULE));
});

test("wrangler.toml's queues are those that are read here, and each that gives messages up has another for them", () => {
  const read = queues.consumers.map(({ queue }) => queue);
  expect(new Set(read.map(queueRole))).toEqual(new Set(QUEUE_ROLES));
  expect(read).toHaveLength(QUEUE_ROLES.length);
  // What a message of a mirror does not do, the database has.
  const giving = queues.producers.filter(({ queue }) => queueRole(queue) !== "mirrors");
  for (const { queue } of giving) {
    expect(queues.consumers).toContainEqual(expect.objectContaining({ queue, dead_letter_queue: `${queue}-dead` }));
    expect(read).toContain(`${queue}-dead`);
  }
});

test("a queue is known by the end of its name, whatever deployment it is of", () => {
  expect(["acme-fills", "fills", "fills-dead-refreshes-dead", "a-fills-dead"].map(queueRole)).toEqual([
    "fills",
    "fills",
    "refreshes-dead",
    "fills-dead",
  ]);
  expect(["refills", "fills-", "acme-dead", ""].map(queueRole)).toEqual([undefined, undefined, undefined, undefined]);
});
