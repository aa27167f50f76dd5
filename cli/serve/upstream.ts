import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { tlsErrorText } from "../../server/tls-errors.ts";
import { SECOND, inSeconds } from "../../worker/duration.ts";

const PATIENCE = 5 * SECOND;

/** Why no connection to the upstream can be made; undefined where one can. Sends no request. */
export function whyUnreachable(upstream: URL): Promise<string | undefined> {
  const tls = upstream.protocol === "https:";
  const host = upstream.hostname.replace(/^\[|\]$/g, "");
  const target = { host, port: Number(upstream.port) || (tls ? 443 : 80) };
  return new Promise((resolve) => {
    const socket = tls ? connectTls(isIP(host) ? target : { ...target, servername: host }) : connect(target);
    const end = (reason?: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(PATIENCE, () => end(`no answer within ${inSeconds(PATIENCE)} s`));
    socket.once(tls ? "secureConnect" : "connect", () => end());
    socket.once("error", (error: NodeJS.ErrnoException) => end(tlsErrorText(error) ?? (error.message || error.code)));
  });
}
