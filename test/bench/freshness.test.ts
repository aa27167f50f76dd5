import { expect, test } from "vitest";
import { percentile, simulate } from "../support/freshness.ts";

test("an upstream of 20,000 projects that publishes 50 changes a minute is followed within 90 s, for two requests a minute at most", async () => {
  const scene = { projects: 20_000, kept: 300, changesAMinute: 50, busy: 0.2, minutes: 20 };
  const figures = await simulate(scene);
  const { changes, concerned, delays, feedRequests, fetches, states, writes, reads } = figures;
  const seconds = (part: number) => Math.round(percentile(delays, part) / 1_000);
  console.log(
    [
      `${scene.projects} projects, ${scene.kept} of them kept, ${scene.minutes} minutes (simulated):`,
      `changes upstream                    ${changes}`,
      `  of projects that are kept         ${concerned}`,
      `publish to written, p50 / p99 / max ${seconds(0.5)} / ${seconds(0.99)} / ${seconds(1)} s`,
      `requests for the log, at most       ${feedRequests} a minute`,
      `requests for pages                  ${fetches}, for ${states} different states`,
      `pages written                       ${writes}`,
      `pages read meanwhile                ${reads}, at no request upstream`,
    ].join("\n"),
  );
  expect(percentile(delays, 0.99)).toBeLessThanOrEqual(90_000);
  expect(percentile(delays, 1)).toBeLessThan(Infinity);
  expect(feedRequests).toBeLessThanOrEqual(2);
  // Two changes of a project within a minute are one state more, and each state is fetched and written once.
  expect(states).toBeGreaterThan(concerned / 2);
  expect(fetches).toBe(states);
  expect(writes).toBe(states);
}, 300_000);
