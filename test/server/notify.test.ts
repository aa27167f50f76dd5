import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFetch, type Fetcher } from "../../server/fetch/fetch.ts";
import { receiverAt } from "../../worker/notify/receiver.ts";

const SECRET = "a-secret-for-the-receiver";
const NOTICE = {
  id: "x.a1",
  event: "test",
  at: "2026-11-29T12:00:00.000Z",
  index: "*",
  project: "",
  subject: "",
  details: {},
};
const NOW = Date.parse(NOTICE.at);

let server: Server;
let fetcher: Fetcher;
let got: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly url: string | undefined }[];
let status: number;

beforeEach(async () => {
  [got, status] = [[], 204];
  server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    got.push({ headers: request.headers, url: request.url, body: Buffer.concat(chunks as Buffer[]).toString() });
    response.writeHead(status, { Location: "/elsewhere" }).end(status === 204 ? undefined : "x".repeat(1_000_000));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  fetcher = openFetch();
});

afterEach(async () => {
  await fetcher.close();
  server.closeAllConnections();
  server.close();
});

const receiver = (port = (server.address() as AddressInfo).port) =>
  receiverAt({ url: new URL(`http://127.0.0.1:${port}/hook`), secret: SECRET, events: undefined }, fetcher.fetch);

test("a receiver gets a request whose signature it can verify", async () => {
  expect(await receiver().send(NOTICE, NOW)).toBeUndefined();
  const [{ headers, body, url } = { headers: {}, body: "", url: "" }] = got;
  expect([url, headers["content-type"], JSON.parse(body)]).toEqual(["/hook", "application/json", NOTICE]);
  const signed = `${String(headers["x-pypi-edge-timestamp"])}.${body}`;
  const signature = createHmac("sha256", SECRET).update(signed).digest("hex");
  expect(headers["x-pypi-edge-signature"]).toBe(`sha256=${signature}`);
});

test.each([302, 500])("the answer %i is said, and no redirect is followed", async (answered) => {
  status = answered;
  expect(await receiver().send(NOTICE, NOW)).toBe(`it answered ${answered}`);
  expect(got.map(({ url }) => url)).toEqual(["/hook"]);
});

test("a receiver that cannot be reached is no failure of the sender", async () => {
  const { port } = server.address() as AddressInfo;
  const gone = receiver(port);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  expect(await gone.send(NOTICE, NOW)).toBe("the connection was refused or lost");
});
