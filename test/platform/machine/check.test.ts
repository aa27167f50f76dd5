import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { checkCommand } from "../../../cli/commands/check.ts";
import type { CheckRow } from "../../../cli/check/report.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import type { ServedHandler } from "./http-suite.ts";
import { productInWorkerd, productOnMachine, variablesFor } from "./recorded/servers.ts";

const TOKEN = "check-admin-token-of-more-than-forty-characters";

const PRIVATE = ["--index", "team", "--token", TOKEN];

let witness: Witness;
let workerd: ServedHandler;
let machine: ServedHandler;
beforeAll(async () => {
  const wheels = await Promise.all(["1.0", "2.0"].map((version) => buildWheel({ name: "picnic", version })));
  witness = await new Witness(fakeIndex(wheels, () => "pypi")).start();
  const variables = variablesFor(witness.index, TOKEN);
  [workerd, machine] = await Promise.all([productInWorkerd(variables), productOnMachine(variables)]);
}, 120_000);
afterAll(async () => {
  await Promise.all([workerd.stop(), machine.stop()]);
  await witness.stop();
});

/** Runs the command in this process; the rows that it printed, and the message that it ended with, if any. */
async function check(port: number, ...args: string[]) {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  try {
    const words = [`http://127.0.0.1:${port}`, "--project", "picnic", "--json", ...args];
    const ended = checkCommand().parseAsync(words, { from: "user" });
    const error = await ended.then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    return { rows: lines.map((line) => JSON.parse(line) as CheckRow), error };
  } finally {
    log.mockRestore();
  }
}

const withOutcome = (rows: readonly CheckRow[], outcome: CheckRow["outcome"]) =>
  rows.filter((row) => row.outcome === outcome).map(({ what, seen }) => `${what}: ${seen}`);

const ONLY_ON_CLOUDFLARE = [
  "a page from Cloudflare's cache: no Cloudflare is in front: the answers have no CF-Ray",
  "a file from Cloudflare's cache: no Cloudflare is in front: the answers have no CF-Ray",
  "8 requests at once for a file: no Cloudflare is in front; all bytes were right",
  "TLS: the address is http",
  "HTTP/2: the address is http",
];

describe.each([
  ["the server on this machine", () => machine],
  ["the bundle in workerd", () => workerd],
])("at %s", (_what, server) => {
  test("all passes for an index that anyone may read, but for what only Cloudflare has", async () => {
    const { rows, error } = await check(server().port);
    expect([error, withOutcome(rows, "failed")]).toEqual([undefined, []]);
    expect(withOutcome(rows, "not tried")).toEqual(ONLY_ON_CLOUDFLARE);
    expect(withOutcome(rows, "passed")).toHaveLength(8);
  });

  test("all passes for a private index, with an upload", async () => {
    const { rows, error } = await check(server().port, ...PRIVATE, "--upload");
    expect([error, withOutcome(rows, "failed")]).toEqual([undefined, []]);
    expect(withOutcome(rows, "not tried")).toEqual(ONLY_ON_CLOUDFLARE);
    expect(withOutcome(rows, "passed").slice(-3)).toEqual([
      expect.stringMatching(/^an upload: 200 after \d+ ms: pypi_edge_check-0\.\d+-py3-none-any\.whl$/),
      "what was uploaded, right after the answer: 5 of 5 readers see it",
      "what was deleted, right after the answer: on no page; its file gone after 0 s",
    ]);
  });
});

/** The headers, and perhaps the reason phrase, that an answer gets on its way. */
type Meddle = (answer: IncomingMessage, asked: IncomingMessage) => Record<string, string | undefined>;

/** Runs the command through something in front of the server that changes answers. */
async function checkThrough(meddle: Meddle, ...args: string[]) {
  let sent = 0;
  const front: Server = createServer((asked, response) => {
    sent++;
    const { method, url, headers } = asked;
    const inner = request({ port: machine.port, host: "127.0.0.1", method, path: url, headers }, (answer) => {
      const { reason = answer.statusMessage, ...more } = meddle(answer, asked);
      response.writeHead(answer.statusCode ?? 500, reason, { ...answer.headers, ...more });
      answer.pipe(response);
    });
    asked.pipe(inner);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  try {
    const { rows, error } = await check((front.address() as AddressInfo).port, ...args);
    return { failed: withOutcome(rows, "failed"), passed: withOutcome(rows, "passed"), error, sent };
  } finally {
    front.close();
    front.closeAllConnections();
  }
}

describe("what is wrong is a row that failed", () => {
  test("a front that makes ETags weak and drops the reason phrase", async () => {
    const { failed, error, sent } = await checkThrough(
      ({ headers: { etag } }) => ({ ...(etag && { etag: `W/${etag}` }), reason: "" }),
      ...PRIVATE,
    );
    expect(failed).toEqual([
      expect.stringMatching(/^a page as JSON: ETag: W\/".*; something on the way has changed the body$/),
      "the reason phrase of a refused upload: 401 without a reason phrase",
    ]);
    expect(error).toMatch(/^\d+ passed, 2 failed, \d+ could not be tried\.$/);
    expect(sent).toBeLessThan(100);
  });

  test("a front that gives other parts", async () => {
    const part = { "content-range": "bytes 0-0/1" };
    const { failed } = await checkThrough(({ headers }) => (headers["content-range"] ? part : {}));
    expect(failed).toEqual(["parts of it, and its HEAD: bytes=0-9: Content-Range: bytes 0-0/1"]);
  });

  test("a cache that keeps nothing, and one run of the worker for each request", async () => {
    let runs = 0;
    const { failed } = await checkThrough(() => ({
      "cf-ray": "0123456789abcdef-FRA",
      "cf-cache-status": "MISS",
      "x-request-id": String(runs++),
    }));
    expect(failed).toEqual([
      "a page from Cloudflare's cache: MISS, MISS, MISS, MISS: nothing is kept",
      "a file from Cloudflare's cache: MISS, MISS, MISS, MISS: nothing is kept",
      expect.stringMatching(/^8 requests at once for a file: 8 runs in 1 data centres/),
    ]);
  });

  test("a cache that gives what is private to others", async () => {
    const { failed } = await checkThrough(
      () => ({ "cf-ray": "0123456789abcdef-FRA", "cf-cache-status": "HIT" }),
      ...PRIVATE,
    );
    expect(failed.slice(0, 2)).toEqual([
      "a page from Cloudflare's cache: HIT, though its Cache-Control is private, no-cache",
      "a file from Cloudflare's cache: HIT, though its Cache-Control is private, max-age=31536000, immutable",
    ]);
  });

  test("and a cache that does as it should is none", async () => {
    const asked = new Set<string>();
    const { failed, passed } = await checkThrough((_answer, { url = "" }) => {
      const status = asked.has(url) ? "HIT" : "MISS";
      asked.add(url);
      return { "cf-ray": "0123456789abcdef-FRA", "cf-cache-status": status, age: "3", "x-request-id": url };
    });
    expect(failed).toEqual([]);
    expect(passed).toContain("8 requests at once for a file: 1 runs in 1 data centres");
    expect(passed).toContainEqual(expect.stringMatching(/^a page from Cloudflare's cache: HIT; Age: 3$/));
  });
});

test("where no pypi-edge answers, it says so", async () => {
  expect((await check(1)).error).toMatch(/^No server answers at http:\/\/127\.0\.0\.1:1\/: GET \/-\/health/);
  const other = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  expect((await check(port)).error).toBe(`http://127.0.0.1:${port}/ is no pypi-edge: /-/health answers 200.`);
  other.close();
  other.closeAllConnections();
});
