import type { TestProject } from "vitest/node";
import { findChromium } from "./chromium.ts";
import { CLIENT_NAMES, CLIENTS, type ClientName, type Home } from "./clients/table.ts";
import { PUBLISHER_NAMES, PUBLISHERS, type PublisherName } from "./publishers/table.ts";
import { provideEnvironment, provideWheels } from "./provision.ts";

const SERVERS = ["simple-repository-server==0.10.0", "pypiserver==2.4.2"] as const;
const CONTENT = "requests[socks]==2.34.2";
const BACKEND = "flit-core==4.2.0";
const VALIDATORS = [
  "pypi-simple==1.8.0",
  "mousebender==2025.1",
  "packaging==26.3",
  "pypi-attestations==0.0.30",
] as const;

/** What could be had on this machine. It travels to the processes that run tests, so it is data only. */
export interface Supplies {
  /** The clients that the project of tests has. */
  readonly clients: readonly ClientName[];
  /** Those of them that could be had. */
  readonly homes: Readonly<Partial<Record<ClientName, Home>>>;
  /** A directory with the wheel of a build backend. */
  readonly backends: string | null;
  /** What could not be had, for the one line that says so. */
  readonly missing: readonly string[];
}

/** What only the tests over others' index servers and parsers need. */
export interface Others {
  /** A Python that has the index servers, and a directory of wheels for them to serve. */
  readonly servers: string | null;
  readonly wheels: string | null;
  /** A Python that has the parsers that others wrote. */
  readonly validators: string | null;
  readonly missing: readonly string[];
}

/** The clients that publish; those that could not be had are absent. */
export interface PublisherHomes {
  readonly homes: Readonly<Partial<Record<PublisherName, Home>>>;
  readonly missing: readonly string[];
}

/** Gets the clients that publish, or these of them, in the same way. */
export async function gatherPublishers(names: readonly PublisherName[] = PUBLISHER_NAMES): Promise<PublisherHomes> {
  const homes = await Promise.all(
    names.map(async (name) => [name, await provideHome(PUBLISHERS[name].requirements)] as const),
  );
  const missing = homes.filter(([, home]) => home === null).map(([name]) => PUBLISHERS[name].label);
  return { homes: Object.fromEntries(homes.filter(([, home]) => home !== null)), missing };
}

/**
 * Gets the clients under test, or these of them, and what they build with from $WHEELHOUSE, or by the user's own pip
 * configuration.
 */
export async function gatherSupplies(clients: readonly ClientName[] = CLIENT_NAMES): Promise<Supplies> {
  const made = new Map<string, Promise<Home | null>>();
  const homeOf = (requirements: readonly string[]): Promise<Home | null> => {
    const key = requirements.join(" ");
    const home = made.get(key) ?? provideHome(requirements);
    made.set(key, home);
    return home;
  };
  const [backends, ...homes] = await Promise.all([
    provideWheels(BACKEND),
    ...clients.map(async (name) => [name, await homeOf(CLIENTS[name].requirements)] as const),
  ]);
  const missing = homes.filter(([, home]) => home === null).map(([name]) => CLIENTS[name].label);
  if (backends === null) missing.push(readable(BACKEND));
  return { clients, homes: Object.fromEntries(homes.filter(([, home]) => home !== null)), backends, missing };
}

/** Gets the index servers, their wheels and the parsers, in the same way. */
export async function gatherOthers(): Promise<Others> {
  const [servers, wheels, validators] = await Promise.all([
    provideHome(SERVERS),
    provideWheels(CONTENT),
    provideHome(VALIDATORS),
  ]);
  const missing = [
    ...(servers === null ? SERVERS : []),
    ...(wheels === null ? [CONTENT] : []),
    ...(validators === null ? VALIDATORS : []),
  ].map(readable);
  return { servers: servers?.python ?? null, wheels, validators: validators?.python ?? null, missing };
}

/** Says how many of a project's tests were skipped, and for want of what: wheels, or a browser. */
export function saySkipped(project: TestProject, missing: readonly string[]): void {
  const reasons = [
    ...(missing.length > 0 ? [`no wheels for ${missing.join(", ")}: set WHEELHOUSE or configure pip`] : []),
    ...(findChromium() === undefined ? ["no Chromium: set CHROMIUM or install one"] : []),
  ];
  if (reasons.length === 0) return;
  const modules = project.vitest.state.getTestModules().filter((module) => module.project === project);
  const skipped = modules.reduce((sum, module) => sum + [...module.children.allTests("skipped")].length, 0);
  console.log(`skipped: ${skipped} tests of ${project.name}: ${reasons.join("; ")}`);
}

async function provideHome(requirements: readonly string[]): Promise<Home | null> {
  const environment = await provideEnvironment(requirements);
  return environment && { python: environment.python, site: environment.site };
}

function readable(requirement: string): string {
  return requirement.replace("==", " ");
}
