import { connect } from "node:tls";
import { once } from "node:events";
import { SECOND } from "../../worker/duration.ts";
import { headerOf } from "./client.ts";
import type { ToRead } from "./reading.ts";
import { CannotTry, demand, brief } from "./report.ts";

/** Tries what the connection has: TLS, HTTP/2, and what an upload's refusal says. `index` is that of the check; its root ends in a slash. */
export async function tryConnection({ client, report }: ToRead, index: string): Promise<void> {
  const isSecure = client.root.protocol === "https:";

  await report.try("TLS", "version 1.2 or 1.3, with a certificate that Node trusts", async () => {
    if (!isSecure) throw new CannotTry("the address is http");
    const { tls = "none" } = await client.ask("-/health");
    demand(tls === "TLSv1.2" || tls === "TLSv1.3", tls);
    return tls;
  });

  await report.try("HTTP/2", "offered by ALPN", async () => {
    if (!isSecure) throw new CannotTry("the address is http");
    const { hostname, port } = client.root;
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 443),
      servername: /[a-z]/i.test(hostname) && !hostname.startsWith("[") ? hostname : "",
      ALPNProtocols: ["h2", "http/1.1"],
    });
    try {
      await once(socket, "secureConnect", { signal: AbortSignal.timeout(10 * SECOND) });
      if (socket.alpnProtocol !== "h2") throw new CannotTry("HTTP/1.1 only; pip speaks no other, uv would");
      return "h2";
    } finally {
      socket.destroy();
    }
  });

  await report.try("the reason phrase of a refused upload", "the sentence that twine shows", async () => {
    const answer = await client.ask(`${index}legacy/`, { method: "POST", anonymous: true, body: new Uint8Array() });
    const { status, reason } = answer;
    if (status === 404 || status === 405) throw new CannotTry("this index takes no uploads; name one with --index");
    demand(status >= 400 && status < 500, String(status));
    demand(reason.includes(" ") && reason.length > 20, `${status} ${brief(reason) || "without a reason phrase"}`);
    return `${status} ${brief(reason)}`;
  });

  await report.try("an address that nothing has", "404, and no cache keeps it", async () => {
    const answer = await client.ask(`${index}pypi-edge-check`);
    demand(answer.status === 404 || answer.status === 401, String(answer.status));
    const lifetime = headerOf(answer, "cache-control");
    demand(lifetime !== "", "no Cache-Control: Cloudflare would keep it for its own time");
    return `${answer.status}, Cache-Control: ${brief(lifetime)}`;
  });
}
