import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { UV_OPTIONS, UV_PATIENCE } from "../../../cli/demo/installer.ts";
import { freePort, startServer } from "../../../cli/demo/process.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { adminToken } from "../../../cli/serve/admin-token.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { Exporter, importStep, type CarriedTestFile, type Send } from "../carried.ts";
import { advisoryFile } from "../advisory-file.ts";
import { pip } from "./clients/pip.ts";
import { Place } from "./clients/place.ts";
import { CLI } from "./command.ts";
import { fakeIndex } from "./fake-index/fake-index.ts";

/*
 * What test/clients/matrix/behind-gap.test.ts has done in a network namespace without a route: a server over an offline source, a step
 * that is imported to it, and clients that install. `behind-gap.ts PYTHON UV` prints what came of it, as JSON: `Findings`.
 */

/** What each thing that was tried came to. */
export interface Findings {
  /** Why another address cannot be reached. */
  readonly outside: string;
  readonly imported: number;
  /** The code with which a client ended, and the version that it installed. */
  readonly installs: Readonly<Record<string, readonly [code: number | null, version: string]>>;
  /** What pip says where the guard refuses, and where a project was not carried. */
  readonly refused: string;
  readonly absent: string;
  /** Whether the lock that uv goes on with names the index here. */
  readonly lockedHere: boolean;
  /** After the server was started anew. */
  /** What the server says beside that it is ready: it would say here that it cannot reach something. */
  readonly said: string;
  readonly again: readonly [code: number | null, version: string];
}

const OLD = "2026-01-01T00:00:00Z";
const NEW = "2026-11-20T00:00:00Z";

const MALWARE = {
  id: "MAL-2026-1",
  affected: [{ package: { ecosystem: "PyPI", name: "sandwich" }, versions: ["2.0"] }],
};

const specs = [
  { name: "lunchbox", version: "1.0", requires: ["sandwich"] },
  { name: "sandwich", version: "1.0" },
  { name: "sandwich", version: "1.1" },
  { name: "sandwich", version: "2.0" },
];

const carriedFile = ({ filename, bytes, metadata, version }: Wheel): CarriedTestFile => ({
  filename,
  bytes,
  metadata: metadata.toString(),
  "upload-time": version === "1.0" ? OLD : NEW,
});

/** Why a connection to an address outside fails. */
const outside = () =>
  new Promise<string>((resolve) => {
    const socket = connect(443, "192.0.2.1");
    socket.on("connect", () => resolve("it was reached"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

const sendTo =
  (origin: string, token: string): Send =>
  async (path, method, body) => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(origin + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await answer.text();
    return { status: answer.status, text: () => text };
  };

async function findings(python: string, uvBinary: string): Promise<Findings> {
  const folder = temporaryDirectory();
  const port = await freePort();
  const [origin, state] = [`http://127.0.0.1:${port}`, join(folder, "state")];
  const index = `${origin}/simple/`;
  const exporter = await Exporter.create();
  writeFileSync(
    join(folder, "pypi-edge.toml"),
    `[vars]
UPSTREAMS = { main = { kind = "offline", key = "${exporter.key}" } }
INDEXES = { default = { sources = ["main"], policy = { malware = "enforce" } } }
`,
  );
  const start = () => {
    const args = [
      "serve",
      "--port",
      `${port}`,
      "--state",
      state,
      "--config",
      join(folder, "pypi-edge.toml"),
      "--quiet",
    ];
    return startServer(process.execPath, [CLI, ...args], /\bready\b/);
  };
  const wheels = await Promise.all(specs.map((spec) => buildWheel(spec)));
  const near = await new Witness(fakeIndex(wheels.slice(0, 3), () => "pypi")).start();
  let server = await start();
  const places: Place[] = [];
  const placed = async () => {
    const place = await Place.make();
    places.push(place);
    return place;
  };
  try {
    const pages = Object.groupBy(wheels, ({ project }) => project);
    const { file } = advisoryFile([MALWARE]);
    const step = await exporter.step({
      advisories: file,
      pages: Object.fromEntries(Object.entries(pages).map(([name, listed = []]) => [name, listed.map(carriedFile)])),
    });
    const { sequence } = await importStep(sendTo(origin, adminToken(state)), step);

    const byPip = async (requirement: string, from = index) => {
      const place = await placed();
      const { code, output } = await pip(python).install(requirement, from, place);
      return { code, output, version: await place.versionOf("sandwich") };
    };
    const newest = await byPip("lunchbox");
    const dated = await byPip("sandwich", `${origin}/@before=2026-06-01/simple/`);
    const malware = await byPip("sandwich==2.0");
    const absent = await byPip("requests");

    // The lock was made on the other side, with another index.
    const place = await placed();
    const text = `[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = ["lunchbox"]\n`;
    writeFileSync(join(place.folder, "pyproject.toml"), text);
    const uv = (command: string, from: string) =>
      place.run(uvBinary, [command, ...UV_OPTIONS, "--default-index", from], UV_PATIENCE);
    const locked = await uv("lock", near.index);
    await near.stop();
    if (locked.code !== 0) throw new Error(locked.output);
    const synced = await uv("sync", index);
    const version = await place.versionOf("sandwich");
    const lock = await place.run("cat", ["uv.lock"]);

    await server.stop();
    server = await start();
    const again = await byPip("lunchbox");
    return {
      outside: await outside(),
      imported: sequence,
      installs: {
        pip: [newest.code, newest.version],
        "pip in a dated view": [dated.code, dated.version],
        "uv sync": [synced.code, version],
      },
      refused: malware.output,
      absent: absent.output,
      said: server.output(),
      lockedHere: lock.output.includes(origin) && !lock.output.includes(near.index),
      again: [again.code, again.version],
    };
  } finally {
    await server.stop();
    for (const place of places) place.remove();
    removeDirectory(folder);
  }
}

const [, , python, uvBinary] = process.argv;
if (python !== undefined && uvBinary !== undefined) console.log(JSON.stringify(await findings(python, uvBinary)));
