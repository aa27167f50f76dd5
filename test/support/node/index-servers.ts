import { bareVariables } from "../../../cli/demo/environment.ts";
import { freePort, startServer, type StartedServer } from "../../../cli/demo/process.ts";

/** Two index servers that others wrote, over the same wheels. */
export interface IndexServers {
  /** Speaks JSON (PEP 691) with `.metadata` siblings: simple-repository-server in front of the other one. */
  readonly json: string;
  /** Knows HTML only (PEP 503), has no `.metadata`: pypiserver. */
  readonly html: string;
  stop(): Promise<void>;
}

/** Starts both over a directory of wheels; `python` is one that has them installed. */
export async function startIndexServers(python: string, wheels: string): Promise<IndexServers> {
  const [htmlPort, jsonPort] = [await freePort(), await freePort()];
  const html = `http://127.0.0.1:${htmlPort}`;
  const start = (port: number, command: string, content: string): Promise<StartedServer> =>
    startServer(python, ["-m", ...command.split(" "), content], { port }, { env: bareVariables() });
  const servers = await Promise.all([
    start(htmlPort, `pypiserver run -i 127.0.0.1 -p ${htmlPort} --disable-fallback --backend simple-dir`, wheels),
    // It hands files through itself: redirected, they would pass the witness by.
    start(
      jsonPort,
      `simple_repository_server --host 127.0.0.1 --port ${jsonPort} --stream-http-resources`,
      `${html}/simple/`,
    ),
  ]);
  return {
    json: `http://127.0.0.1:${jsonPort}`,
    html,
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}
