import { join } from "node:path";
import type { Environment } from "../../../cli/demo/environment.ts";
import { pip, uv, type Installer } from "../../../cli/demo/installer.ts";
import { provideEnvironment, provideWheels } from "./provision.ts";

// The versions that the tests were written against. Another one is another client, and has to be looked at first.
const PIPS = ["26.3", "23.0.1"] as const;
const UV = "0.13.9";
const SERVERS = ["simple-repository-server==0.10.0", "pypiserver==2.4.2"] as const;
const CONTENT = "requests[socks]==2.34.2";

/** The clients under test, by the name that the tests show. */
export const CLIENTS: readonly string[] = [...PIPS.map((version) => `pip ${version}`), `uv ${UV}`];

/** What could be had on this machine. It travels to the processes that run tests, so it is data only. */
export interface Supplies {
  /** Client name to its program: pip's Python, or uv itself. Absent where the client could not be had. */
  readonly programs: Readonly<Record<string, string>>;
  /** A Python that has the index servers, and a directory of wheels for them to serve. */
  readonly servers: string | null;
  readonly wheels: string | null;
  /** What could not be had, for the one line that says so. */
  readonly missing: readonly string[];
}

/** Gets clients, index servers and wheels from $WHEELHOUSE, or by the user's own pip configuration. */
export async function gatherSupplies(): Promise<Supplies> {
  const [servers, wheels, uvHome, ...pipHomes] = await Promise.all([
    provideEnvironment(SERVERS),
    provideWheels(CONTENT),
    provideEnvironment([`uv==${UV}`]),
    ...PIPS.map((version) => provideEnvironment([`pip==${version}`])),
  ]);
  const homes = [...pipHomes, uvHome];
  const programs = Object.fromEntries(
    CLIENTS.flatMap((name, index) => {
      const home = homes[index];
      return home ? [[name, programOf(name, home)]] : [];
    }),
  );
  const missing = CLIENTS.filter((name) => !(name in programs));
  if (servers === null) missing.push(...SERVERS.map(readable));
  if (wheels === null) missing.push(readable(CONTENT));
  return { programs, servers: servers?.python ?? null, wheels, missing };
}

/** The client of that name, or null when it could not be had. */
export function installerNamed(name: string, { programs }: Supplies): Installer | null {
  const program = programs[name];
  if (program === undefined) return null;
  return isUv(name) ? uv(name, program) : pip(name, program);
}

function programOf(name: string, home: Environment): string {
  return isUv(name) ? join(home.site, "bin", "uv") : home.python;
}

function isUv(name: string): boolean {
  return name.startsWith("uv ");
}

function readable(requirement: string): string {
  return requirement.replace("==", " ");
}
