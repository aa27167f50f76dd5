import type { Random } from "../../fuzz/random.ts";
import { sendRaw } from "../../support/node/raw-http.ts";
import { isByNginx } from "../front.ts";
import { ADMIN, type World } from "../world.ts";

const HEAD = "Host: soak\r\nConnection: close\r\n";

/** Requests that no client means well with, as their bytes. */
const RAW: readonly string[] = [
  `GET /simple/../../etc/passwd HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /files/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/%00/ HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/%zz/ HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/${"a".repeat(9_000)}/ HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/${"a".repeat(40_000)}/ HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/ HTTP/1.1\r\n${HEAD}X-Long: ${"a".repeat(70_000)}\r\n\r\n`,
  `GET http://elsewhere.test/simple/ HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /simple/soak-1/ HTTP/1.0\r\n\r\n`,
  `GET /simple/soak-1/ HTTP/1.1\r\nConnection: close\r\n\r\n`,
  `NONSENSE\r\n\r\n`,
  `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03`,
  `BREW /simple/ HTTP/1.1\r\n${HEAD}\r\n`,
  `PUT /simple/soak-1/ HTTP/1.1\r\n${HEAD}Content-Length: 3\r\n\r\nabc`,
  `POST /team/legacy/ HTTP/1.1\r\n${HEAD}Content-Length: 99\r\n\r\nabc`,
  `POST /team/legacy/ HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`,
  `POST /team/legacy/ HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `GET /simple/soak-1/ HTTP/1.1\r\n${HEAD}If-None-Match: ${'"x", '.repeat(500)}"y"\r\n\r\n`,
  `GET /simple/soak-1/ HTTP/1.1\r\n${HEAD}Accept: ${"text/html;q=0.1,".repeat(300)}\r\n\r\n`,
  `GET /simple/soak-1/ HTTP/1.1\r\nHost: soak\r\n\r\nGET /simple/soak-2/ HTTP/1.1\r\n${HEAD}\r\n`,
];

/** Requests with a token that are wrong in what they say. */
const WRONG: readonly (readonly [method: string, path: string, body: string])[] = [
  ["POST", "/-/api/tokens", "{"],
  ["POST", "/-/api/tokens", "[]"],
  ["POST", "/-/api/tokens", '{"name":"x","index":"nowhere","scopes":["read"]}'],
  ["POST", "/-/api/warm?filename=requirements.txt", "\u0000\u0001"],
  ["POST", "/-/api/wheelhouse?filename=uv.lock", "version = "],
  ["POST", "/-/api/jobs/nonsense", ""],
  ["POST", "/-/api/uploads", '{"index":"team"}'],
  ["PUT", "/-/api/uploads/team.0123456789abcdef/1", "abc"],
  ["DELETE", "/-/api/tokens/nonsense", ""],
  ["DELETE", "/-/api/indexes/team/projects/soak-none/1.0", ""],
  ["POST", "/-/api/indexes/team/projects/-/1.0/yank", "{}"],
  ["GET", "/-/api/audit?limit=nonsense", ""],
];

/** Sends bytes that are no good request. An answer is no failure of the server's, and the connection ends. */
export async function sendOdd(world: World, random: Random): Promise<void> {
  const began = performance.now();
  const text = random.pick(RAW);
  const request = JSON.stringify(text.slice(0, 100));
  try {
    const answers = await sendRaw(world.subject.port, text, { cut: random.oneIn(2), patience: 20_000 });
    for (const { status, headers } of answers) {
      const byNginx = world.subject.isBehindNginx && isByNginx(Object.fromEntries(headers));
      world.tally.count({ end: "whole", status }, byNginx ? "nginx" : undefined);
      const isUpAndAway = byNginx && status === 503 && world.subject.wasUpSince(began);
      if (status === 500 || status === 502 || isUpAndAway) world.fault(request, "another status", `${status}`);
    }
  } catch (error) {
    if (world.subject.wasUpSince(began)) world.fault(request, "an answer in HTTP", String(error));
  }
}

/** Sends a request that must be refused. */
export async function sendWrong(world: World, random: Random): Promise<void> {
  const [method, path, body] = random.pick(WRONG);
  const heard = await world.ask(path, { method, headers: ADMIN, ...(body !== "" && { body: Buffer.from(body) }) });
  world.expect(heard, [400, 404, 405, 409, 422]);
}
