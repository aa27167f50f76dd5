import { expect, test } from "vitest";
import { atOnce } from "../../worker/mirroring/pacer.ts";

test("no more than so many run at once, in the order in which they were asked, and one that fails makes room", async () => {
  const connected = atOnce(2);
  const log: string[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const runs = ends.map(({ promise }, nth) =>
    connected(async () => {
      log.push(`begins ${nth}`);
      await promise;
    }).catch(() => log.push(`failed ${nth}`)),
  );
  expect(log).toEqual(["begins 0", "begins 1"]);
  ends[1]?.reject(new Error("broken"));
  await runs[1];
  ends[2]?.resolve();
  await runs[2];
  expect(log).toEqual(["begins 0", "begins 1", "begins 2", "failed 1", "begins 3"]);
  ends[0]?.resolve();
  ends[3]?.resolve();
  await Promise.all(runs);
});
