import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { readSigningKey } from "../../../cli/air-gap/signing-key.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { UV_OPTIONS, UV_PATIENCE } from "../../../cli/demo/installer.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { zip } from "../archive.ts";
import { pip } from "./clients/pip.ts";
import { Place } from "./clients/place.ts";
import { pypiEdge } from "./command.ts";
import { fakeIndex } from "./fake-index/fake-index.ts";
import { FarIndex } from "./far-index.ts";
import { Rig } from "./rig.ts";

/*
 * What test/clients/matrix/behind-gap.test.ts has done in a network namespace without a route: a server in front of an index, a lock that
 * is made through it, an export; then, with that server gone, an import to another server, and clients that install there.
 * `behind-gap.ts PYTHON UV` prints what came of it, as JSON: `Findings`.
 */

/** The code with which a client ended, and the version that it installed, or what it said where it failed. */
type Installed = readonly [code: number | null, version: string];

/** What each thing that was tried came to. */
export interface Findings {
  /** Why another address cannot be reached. */
  readonly outside: string;
  /** What the commands said, by their names. */
  readonly commands: Readonly<Record<string, string>>;
  readonly installs: Readonly<Record<string, Installed>>;
  /** What pip says where the guard refuses, and where a project was not carried. */
  readonly refused: string;
  readonly absent: string;
  /** What uv says where the lock still names the other side's server. */
  readonly unmapped: string;
  /** Whether the lock, mapped, names the index here alone. */
  readonly lockedHere: boolean;
  /** What the server says beside that it is ready: it would say here that it cannot reach something. */
  readonly said: string;
}

const MALWARE = {
  id: "MAL-2026-1",
  affected: [{ package: { ecosystem: "PyPI", name: "sandwich" }, versions: ["2.0"] }],
};

const OLD = "2026-01-01T00:00:00Z";
const NEW = "2026-11-20T00:00:00Z";

/** The wheels of the other side's index. */
const WHEELS = [
  { ...(await buildWheel({ name: "lunchbox", version: "1.0", requires: ["sandwich<2"] })), uploaded: OLD },
  { ...(await buildWheel({ name: "sandwich", version: "1.0" })), uploaded: OLD },
  { ...(await buildWheel({ name: "sandwich", version: "1.1" })), uploaded: NEW },
  { ...(await buildWheel({ name: "sandwich", version: "2.0" })), uploaded: NEW },
];

const PROJECT = `[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = ["lunchbox"]\n`;

/** Why a connection to an address outside fails. */
const outside = () =>
  new Promise<string>((resolve) => {
    const socket = connect(443, "192.0.2.1");
    socket.on("connect", () => resolve("it was reached"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

async function findings(python: string, uvBinary: string): Promise<Findings> {
  const folder = temporaryDirectory();
  const commands: Record<string, string> = {};
  const command = async (name: string, words: readonly string[]) => {
    const { code, output } = await pypiEdge(words, folder);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${output}`);
    commands[name] = output;
  };
  const places: Place[] = [];
  const placed = async () => {
    const place = await Place.make();
    places.push(place);
    return place;
  };
  let far: FarIndex | undefined;
  const near = await Rig.open(fakeIndex(WHEELS, () => "pypi"));
  try {
    const app = await placed();
    writeFileSync(join(app.folder, "pyproject.toml"), PROJECT);
    const uv = (...words: string[]) => app.run(uvBinary, [...words, ...UV_OPTIONS], UV_PATIENCE);
    const locked = await uv("lock", "--default-index", near.index);
    if (locked.code !== 0) throw new Error(locked.output);
    const others = [join(folder, "requirements.txt"), join(folder, "requirements-old.txt")];
    for (const [at, version] of ["2.0", "1.0"].entries()) writeFileSync(others[at] ?? "", `sandwich==${version}\n`);
    writeFileSync(join(folder, "osv.zip"), await zip([{ name: "MAL-2026-1.json", content: JSON.stringify(MALWARE) }]));
    await command("new key", ["export", "--new-key", "owner.pem"]);
    const access = ["--url", new URL("/", near.index).href, "--state", near.state];
    const locks = [join(app.folder, "uv.lock"), ...others].flatMap((lock) => ["--lock", lock]);
    await command("export", ["export", "step1", "--key", "owner.pem", "--advisories", "osv.zip", ...locks, ...access]);
    const outsideIndex = near.index;
    await near.close();

    far = await FarIndex.open(readSigningKey(join(folder, "owner.pem")).publicText);
    await command("import", far.importWords("step1"));
    // What a command was told is there survives: this is before the bytes of objects are written back.
    await far.kill();
    await far.start();
    const { index } = far;
    const log = () => far?.log ?? "";
    const byPip = async (requirement: string, from = index) => {
      const place = await placed();
      const { code, output } = await pip(python).install(requirement, from, place);
      return { output, installed: [code, code === 0 ? await place.versionOf("sandwich") : output + log()] as const };
    };
    const newest = await byPip("lunchbox");
    const dated = await byPip("sandwich", new URL("/@before=2026-06-01/simple/", index).href);
    const malware = await byPip("sandwich==2.0");
    const absent = await byPip("requests");

    const unmapped = await uv("sync", "--frozen");
    await command("lock carried", ["lock", "carried", index, join(app.folder, "uv.lock")]);
    const synced = await uv("sync", "--frozen");
    const lock = readFileSync(join(app.folder, "uv.lock"), "utf8");
    const bySync = [synced.code, synced.code === 0 ? await app.versionOf("sandwich") : synced.output] as const;

    await far.kill();
    await far.start();
    const again = await byPip("lunchbox");
    return {
      outside: await outside(),
      commands,
      installs: {
        pip: newest.installed,
        "pip in a dated view": dated.installed,
        "uv sync --frozen": bySync,
        "pip after a restart": again.installed,
      },
      refused: malware.output,
      absent: absent.output,
      unmapped: unmapped.output,
      lockedHere: lock.includes(index.replace(/\/$/, "")) && !lock.includes(new URL(outsideIndex).host),
      said: far.log,
    };
  } finally {
    await near.close();
    await far?.close();
    for (const place of places) place.remove();
    removeDirectory(folder);
  }
}

const [, , python, uvBinary] = process.argv;
if (python !== undefined && uvBinary !== undefined) console.log(JSON.stringify(await findings(python, uvBinary)));
