import { expect, test } from "vitest";
import { requestHead } from "../../../server/http2/request-head.ts";

const fieldsOf = (more: Record<string, string>) =>
  Object.entries({ ":method": "GET", ":path": "/x", ":authority": "a.test", ...more }).flat();

test("a head is written as HTTP/1.1 has it, and its connection is for it alone", () => {
  const fields = [...fieldsOf({ te: "trailers", "x-a": "1" }), "cookie", "a=1", "cookie", "b=2", "x-a", "2"];
  expect(requestHead(fields, false)).toEqual({
    method: "GET",
    target: "/x",
    fields: ["host", "a.test", "x-a", "1", "x-a", "2", "cookie", "a=1; b=2", "connection", "close"],
  });
});

test.each([
  ["GET", true, {}, ["transfer-encoding", "chunked"]],
  ["POST", true, {}, ["transfer-encoding", "chunked"]],
  ["POST", false, {}, ["content-length", "0"]],
  ["POST", true, { "content-length": "5" }, ["content-length", "5"]],
  ["DELETE", false, {}, []],
])("the body of a %s, which comes (%s) with %j, is framed by %j", (method, hasBody, more, framing) => {
  const head = requestHead(fieldsOf({ ":method": method, ...more }), hasBody);
  expect(head).toMatchObject({ fields: ["host", "a.test", ...framing, "connection", "close"] });
});

test.each([
  ["CONNECT", { ":method": "CONNECT" }, 501],
  ["a space in the target", { ":path": "/x HTTP/1.1" }, 400],
  ["no target", { ":path": "" }, 400],
  ["a line end in a field", { "x-a": "1\r\nx-b: 2" }, 400],
  ["a line end in the authority", { ":authority": "a\nx: 1" }, 400],
  ["another Host", { host: "b.test" }, 400],
])("%s is refused", (_, more, status) => {
  expect(requestHead(fieldsOf(more), false)).toBe(status);
});
