import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { SCHEDULE } from "../../worker/jobs/schedule.ts";
import { CRON_INTERVALS } from "../../worker/jobs/overdue-crons.ts";
import { QUEUES } from "../../worker/jobs/queues.ts";
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
  expect(read.toSorted()).toEqual(QUEUES.toSorted());
  for (const { queue } of queues.producers) {
    expect(queues.consumers).toContainEqual(expect.objectContaining({ queue, dead_letter_queue: `${queue}-dead` }));
    expect(read).toContain(`${queue}-dead`);
  }
});

test("wrangler.toml's comment names every queue that has to be made", () => {
  const comment = /# Queues are not:(?:.*\n#)*.*/.exec(TEXT)?.[0] ?? "";
  expect(QUEUES.filter((queue) => !new RegExp(`${queue}(?![\\w-])`).test(comment))).toEqual([]);
});
