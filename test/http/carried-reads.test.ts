import { expect, test } from "vitest";
import { begin, Exporter, putMember } from "../support/carried.ts";
import { metered } from "../support/metering.ts";
import { carriedWheel, offlineVars, sendTo } from "../support/offline.ts";
import { Rig } from "../support/rig.ts";

/** The rows that the last page of a step of so many projects has read. */
async function rowsOfLastPage(projects: number): Promise<number> {
  const exporter = await Exporter.create();
  const { platform, take } = metered();
  const send = sendTo(new Rig(offlineVars({ key: exporter.key }), platform));
  const names = Array.from({ length: projects }, (_, at) => `demo-${at}`);
  const step = await exporter.step({
    pages: Object.fromEntries(names.map((name) => [name, [carriedWheel(name.replace("-", "_"), "1.0")]])),
  });
  await begin(send, step);
  const end = step.members.length;
  for (let number = 1; number < end - 1; number++) expect((await putMember(send, step, number)).status).toBe(204);
  take();
  expect((await putMember(send, step, end - 1)).status).toBe(204);
  return take().rowsRead ?? 0;
}

test("a page reads as few rows of a large step as of a small one", async () => {
  const few = await rowsOfLastPage(2);
  expect(few).toBeGreaterThan(0);
  expect(await rowsOfLastPage(20)).toBe(few);
});
