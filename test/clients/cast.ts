import { readdirSync } from "node:fs";
import { inject } from "vitest";
import type { Installer } from "../../cli/demo/installer.ts";
import { CLIENTS, installerNamed } from "../support/node/clients.ts";
import { Rig } from "../support/node/rig.ts";

/** A client under test. One that is not available could not be had on this machine, and its tests are to be skipped. */
export interface Client {
  readonly name: string;
  readonly available: boolean;
  /** Throws when the client is not available. */
  readonly installer: () => Installer;
}

/** Every client that must work, whether or not it could be had on this machine. */
export function clients(): Client[] {
  const { supplies, upstreams } = inject("clients");
  return CLIENTS.map((name) => {
    const installer = upstreams === null ? null : installerNamed(name, supplies);
    return { name, available: installer !== null, installer: () => present(installer) };
  });
}

/** pypi-edge over one of the two index servers. */
export function openRig(kind: "json" | "html"): Promise<Rig> {
  const { supplies, upstreams } = inject("clients");
  return Rig.open(present(upstreams)[kind], present(supplies.servers));
}

/** The filenames of the wheels that the index servers offer, sorted. */
export function offeredWheels(): string[] {
  return readdirSync(present(inject("clients").supplies.wheels)).toSorted();
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("not available on this machine");
  return value;
}
