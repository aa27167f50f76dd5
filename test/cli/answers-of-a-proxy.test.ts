import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
const folder = mkdtempSync(join(tmpdir(), "pypi-edge-proxy-"));
beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

test.each([
  [502, "the server behind it does not answer. Start it, or look at the proxy's settings."],
  [503, "the server behind it does not answer. Start it, or look at the proxy's settings."],
  [504, "the server behind it took too long. Give it 20 minutes (nginx: proxy_read_timeout)."],
  [413, "it takes no body that large. Have it take what the server takes (nginx: client_max_body_size 0)."],
])("a proxy's own %i is told of as that, with what to do", async (status, sentence) => {
  api.answer = { status, type: "text/html", parts: ["<html>\n"] };
  const answered = await pypiEdge(["jobs", "run", "feed", "--url", api.url, "--token", "one"], folder);
  expect(answered).toMatchObject({
    code: 1,
    output: `A proxy in front of pypi-edge answered ${status} at ${api.url}/: ${sentence}\n`,
  });
});

test("what the server says itself is passed on as it is, whatever the status", async () => {
  api.answer = { status: 503, type: "text/plain; charset=utf-8", parts: ["The database cannot be read.\n"] };
  const answered = await pypiEdge(["jobs", "run", "feed", "--url", api.url, "--token", "one"], folder);
  expect(answered).toMatchObject({ code: 1, output: "The database cannot be read.\n" });
});
