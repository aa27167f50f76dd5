import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { expectCrons } from "../../server/expected-crons.ts";
import { overdueCrons } from "../../worker/jobs/overdue-crons.ts";
import { jobRunsIn } from "../../worker/storage/d1/job-runs.ts";
import { DAY } from "../../worker/duration.ts";

test("a cron that is expected and never runs is overdue, one that is no longer expected is not", async () => {
  await expectCrons(env.DB, ["* * * * *", "0 * * * *"], 0);
  await expectCrons(env.DB, ["0 * * * *"], 1);
  const runs = jobRunsIn(env.DB);
  expect(await overdueCrons(runs, DAY)).toEqual([{ cron: "0 * * * *", since: 1 }]);
});
