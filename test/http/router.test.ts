import { expect, test } from "vitest";
import { teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";

test("all routes are matched by one regular expression", async () => {
  const rig = new Rig(teamOf({}));
  await rig.get("/-/health");
  expect(rig.router).toBe("SmartRouter + RegExpRouter");
});

test.each([
  ["/nope/simple/demo/", 'There is no index "nope" here; the indexes here are listed at /.'],
  ["/nope/-/api/carried", 'There is no index "nope" here; the indexes here are listed at /.'],
  ["/nope/", "There is nothing at this address; the indexes here are listed at /."],
  ["/-/simple", "There is nothing at this address; the indexes here are listed at /."],
  ["/team/nope", "There is nothing at this address; the indexes here are listed at /."],
])("%s is answered with what is not there", async (path, sentence) => {
  const answer = await new Rig(teamOf({})).get(path, { Accept: "text/plain" });
  expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining(sentence)]);
});

test.each(["/nope/legacy/", "/nope/simple/", "/nope/-/api/tokens"])(
  "POST %s is told that the index is not there, not that its method is wrong",
  async (path) => {
    const answer = await new Rig(teamOf({})).get(path, {}, "POST");
    expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining('There is no index "nope" here')]);
  },
);
