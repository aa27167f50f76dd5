import { describe, expect, test } from "vitest";
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
  ["/Team/simple/demo/", 'There is no index "Team" here, but "team"; the indexes here are listed at /.'],
  ["/NOPE/simple/demo/", 'There is no index "NOPE" here; the indexes here are listed at /.'],
  ["/nope/", "There is nothing at this address; the indexes here are listed at /."],
  ["/-/simple", "There is nothing at this address; the indexes here are listed at /."],
  ["/team/nope", "There is nothing at this address; the indexes here are listed at /."],
])("%s is answered with what is not there", async (path, sentence) => {
  const answer = await new Rig(teamOf({})).get(path, { Accept: "text/plain" });
  expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining(sentence)]);
});

test.each([
  ["/nope/legacy/", 'There is no index "nope" here'],
  ["/nope/simple/", 'There is no index "nope" here'],
  ["/nope/-/api/tokens", 'There is no index "nope" here'],
  ["/Team/legacy/", 'There is no index "Team" here, but "team"'],
  ["//team/legacy/", "There is nothing at this address, which has two slashes in a row"],
])(
  "POST %s is told that the address is wrong, not that its method is, also in the reason phrase",
  async (path, said) => {
    const { response } = await new Rig(teamOf({})).open(path, { method: "POST" });
    expect([response.status, await response.text(), response.statusText]).toEqual([
      404,
      expect.stringContaining(said),
      expect.stringContaining(said),
    ]);
  },
);

describe("where PUBLIC_URL has a path, which the proxy in front takes away", () => {
  const rig = () => new Rig({ ...teamOf({}), PUBLIC_URL: "https://example.com/python" });
  test.each(["/python/simple/demo/", "/python/team/simple/", "/python/nope"])(
    "%s says that it did not",
    async (path) => {
      const answer = await rig().get(path, { Accept: "text/plain" });
      expect([answer.status, answer.text()]).toEqual([
        404,
        expect.stringContaining(
          "There is nothing at this address. It begins with /python, the path of PUBLIC_URL, which the proxy in front of pypi-edge must take away (nginx: proxy_pass with a slash at its end)",
        ),
      ]);
    },
  );

  test("so does the answer to an upload", async () => {
    const { response } = await rig().open("/python/team/legacy/", { method: "POST" });
    await response.body?.cancel();
    expect([response.status, response.statusText]).toEqual([404, expect.stringContaining("It begins with /python")]);
  });
});

test("a reason phrase has no character that HTTP does not carry, and reads well without it", async () => {
  const { response } = await new Rig(teamOf({})).open("/team/legacy/", { method: "POST" });
  await response.body?.cancel();
  expect([response.status, response.statusText]).toEqual([
    401,
    expect.stringContaining("https://__token__:TOKEN@...),"),
  ]);
});
