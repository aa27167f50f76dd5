/** Serves one small worker as `npm start` serves pypi-edge: `node simulator-server.ts WORKER PORT STATE_DIRECTORY`. */
import { readFileSync } from "node:fs";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const [, , worker = "", port = "0", state = ""] = process.argv;
const socket = { host: "127.0.0.1", port: Number(port) };
const options = convertV4MiniflareOptions({
  host: socket.host,
  port: 0,
  workers: [
    {
      name: "simulator",
      compatibilityDate: "2026-10-01",
      modules: [{ type: "ESModule", path: "index.js", contents: readFileSync(worker, "utf8") }],
      kvNamespaces: ["NAMESPACE"],
      r2Buckets: ["BUCKET"],
      unsafeDirectSockets: [socket],
    },
  ],
});
options.resourcePersistencePath = state;
const miniflare = new Miniflare(options);
await miniflare.ready;
process.on("SIGTERM", () => {
  void miniflare.dispose().then(() => process.exit(0));
});
process.stdout.write("ready\n");
