/** Everything that is measured: how it is started, and where its Simple API is. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { startDevpi } from "../harness/devpi.ts";
import { startProduct } from "../harness/product.ts";
import { startProxpi } from "../harness/proxpi.ts";
import type { LoadedServer } from "./measure.ts";
import { startProxyCache } from "./proxy-cache.ts";

export const SERVERS = ["pypi-edge", "proxpi", "devpi", "proxy_cache", "nginx"] as const;
export type ServerName = (typeof SERVERS)[number];

export interface Server extends LoadedServer {
  readonly name: ServerName;
  /** Root of the Simple API, with its trailing slash. */
  readonly simple: URL;
  /** Where the server has the file that a page says is at `url`. */
  fileUrl(url: URL): URL;
  stop(): Promise<string | undefined>;
}

export interface Surroundings {
  readonly upstream: URL;
  /** nginx's second port, over the same directory as the upstream. */
  readonly static: URL;
  readonly nginxProgram: string;
  /** Where servers may keep state. */
  readonly scratch: string;
  readonly wheelhouse: string;
}

type Starter = (around: Surroundings, state: string) => Promise<Omit<Server, "name">>;

const STARTERS: Record<ServerName, Starter> = {
  "pypi-edge": startPypiEdge,
  proxpi: startPeerProxpi,
  devpi: startPeerDevpi,
  proxy_cache: startCachingNginx,
  nginx: startStatic,
};

export async function startServer(name: ServerName, around: Surroundings): Promise<Server> {
  const state = join(around.scratch, name);
  mkdirSync(state);
  return { name, ...(await STARTERS[name](around, state)) };
}

async function startPypiEdge(around: Surroundings, state: string): ReturnType<Starter> {
  const product = await startProduct(around.upstream, state);
  return { ...product, fileUrl: unchanged };
}

async function startPeerProxpi(around: Surroundings, state: string): ReturnType<Starter> {
  return { ...(await startProxpi(around.upstream, state, around.wheelhouse)), fileUrl: unchanged };
}

async function startPeerDevpi(around: Surroundings, state: string): ReturnType<Starter> {
  const { mirror, ...running } = await startDevpi(around.upstream, state, around.wheelhouse);
  return { ...running, simple: mirror, fileUrl: unchanged };
}

/** Its pages are the upstream's own and name files there; whoever uses such a proxy has them rewritten, or goes past it. */
async function startCachingNginx(around: Surroundings, state: string): ReturnType<Starter> {
  const port = await freePort();
  const running = await startProxyCache(around.nginxProgram, state, around.upstream, port);
  const simple = new URL(`http://127.0.0.1:${port}/simple/`);
  return { ...running, simple, fileUrl: (url) => new URL(url.pathname, simple) };
}

/** nginx runs already. Its pages name files at the upstream, which is the same directory at another port. */
async function startStatic(around: Surroundings): ReturnType<Starter> {
  return {
    simple: around.static,
    fileUrl: (url) => new URL(url.pathname, around.static),
    ending: () => undefined,
    stop: async () => undefined,
  };
}

function unchanged(url: URL): URL {
  return url;
}
