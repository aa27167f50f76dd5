import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { FakeAccount } from "./fake-account.ts";

/** Answers requests for an account over HTTP on loopback, for what runs in a process of its own. */
export async function serveAccount(account: FakeAccount) {
  const server = createServer(async (request, response) => {
    const { status, json } = account.answer({
      method: request.method ?? "",
      url: new URL(request.url ?? "", "http://localhost"),
      authorization: request.headers.authorization ?? null,
      body: bodyOf(request, await buffer(request)),
    });
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    /** What CLOUDFLARE_API_BASE_URL names. */
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    stop(): Promise<unknown> {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

/** JSON, or the metadata of an upload. */
function bodyOf(request: IncomingMessage, bytes: Buffer): unknown {
  // Wrangler sends some JSON without its type.
  if (!request.headers["content-type"]?.startsWith("multipart/"))
    return bytes.byteLength > 0 ? JSON.parse(bytes.toString()) : undefined;
  const metadata = /name="metadata"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]*)\r\n/.exec(bytes.toString("latin1"))?.[1];
  return metadata === undefined ? undefined : JSON.parse(metadata);
}
