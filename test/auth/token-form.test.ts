import { expect, test } from "vitest";
import { Rig } from "../support/rig.ts";
import { basic } from "../support/tokens.ts";

const PAGE = "/team/simple/demo/";

const rigOf = () =>
  new Rig({ INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["default"], read: "token" } } });

const token = `pypi-edge_${"0".repeat(16)}_${"A".repeat(43)}`;
test.each([
  ["quotes", `"${token}"`, "other characters around it, such as quotes or spaces"],
  ["a space before it", ` ${token}`, "other characters around it"],
  ["a line's end", `${token}\r\n`, "other characters around it"],
  ["a word before it", `Bearer ${token}`, "other characters around it"],
  ["its end cut off", token.slice(0, -3), "is no whole token: one is pypi-edge_, 16 characters"],
  ["a character too much", `${token}A`, "is no whole token"],
  ["its beginning in capitals", token.toUpperCase(), "is no whole token"],
  ["a variable's name in its place", "$TOKEN", "no token, but a name in the place of one"],
  ["a variable's name in braces", "${PYPI_TOKEN}", "no token, but a name in the place of one"],
  ["a variable's name as Windows has them", "%TOKEN%", "no token, but a name in the place of one"],
  ["an expression", "${{ secrets.TOKEN }}", "no token, but a name in the place of one"],
  ["the word of an example", "TOKEN", "no token, but a name in the place of one"],
])("says what is wrong where the token has %s", async (_what, shown, said) => {
  const rig = rigOf();
  const answer = await rig.get(PAGE, basic("__token__", shown));
  expect([answer.status, answer.text()]).toEqual([401, expect.stringContaining(said)]);
  expect(answer.text()).not.toContain("AAAA");
  expect(rig.counts).toEqual({});
});

test("says that the token belongs in the password, where it is the user name beside another one", async () => {
  const rig = rigOf();
  const answer = await rig.get(PAGE, basic(token, "x-oauth-basic"));
  expect([answer.status, answer.text()]).toEqual([
    401,
    expect.stringMatching(/^The token was shown as the user name\. Show it as the password/),
  ]);
  expect(rig.counts).toEqual({});
});
