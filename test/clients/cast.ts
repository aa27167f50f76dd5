import { readdirSync } from "node:fs";
import { inject } from "vitest";
import type { Client } from "../support/node/clients/client.ts";
import { CLIENTS, type ClientName } from "../support/node/clients/table.ts";
import { forward } from "../support/node/forward.ts";
import { Rig } from "../support/node/rig.ts";

/** A client under test. One that is not available could not be had on this machine, and its tests are to be skipped. */
export interface Actor {
  readonly name: string;
  readonly available: boolean;
  /** Throws when the client is not available. */
  readonly client: () => Client;
}

/**
 * The client of that name, whether or not it could be had on this machine. Throws where the project of tests does not ask
 * for it: its tests would be skipped everywhere.
 */
export function actor(name: ClientName): Actor {
  const { label, client } = CLIENTS[name];
  const { clients, homes } = inject("supplies");
  if (!clients.includes(name)) throw new Error(`The setup of this project does not get ${name}.`);
  const home = homes[name];
  return { name: label, available: home !== undefined, client: () => client(present(home)) };
}

/** Those that install into an environment and keep nothing else, where there are the index servers to try them with. */
export function installers(): Actor[] {
  const upstreams = inject("upstreams");
  const names: ClientName[] = ["pip", "pip-older", "uv-pip"];
  return names.map(actor).map((one) => ({ ...one, available: one.available && upstreams !== null }));
}

/** pypi-edge over one of the two index servers. */
export function openRig(kind: "json" | "html"): Promise<Rig> {
  return Rig.open(forward(present(inject("upstreams"))[kind]));
}

/** The filenames of the wheels that the index servers offer, sorted. */
export function offeredWheels(): string[] {
  return readdirSync(present(inject("others").wheels)).toSorted();
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("not available on this machine");
  return value;
}
