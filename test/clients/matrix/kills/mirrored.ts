import { setTimeout as sleep } from "node:timers/promises";
import type { Wheel } from "../../../../cli/demo/wheel.ts";
import type { WitnessSource } from "../../../../cli/demo/witness.ts";
import { pathOf } from "../../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../../support/node/fake-index/fake-index.ts";
import type { Rig } from "../../../support/node/rig.ts";
import { digestOf, wheelOf, type Act } from "./kill.ts";

/** How long a delivery that was accepted may take. Milliseconds. */
const PATIENCE = 30_000;

const SIZES = [20_000, 20_000_000, 200_000];

/** An upstream that has one project, which is another one in each round. */
function upstream() {
  let source = fakeIndex([], () => "pypi");
  const answer: WitnessSource = (request) => source(request);
  return {
    answer,
    async publish(name: string, size: number): Promise<Wheel> {
      const wheel = await wheelOf(name, size);
      source = fakeIndex([wheel], () => "pypi");
      return wheel;
    },
  };
}

/** A file that a client wants and that is not stored. */
export function fills(): Act {
  const { answer, publish } = upstream();
  return {
    name: "fills",
    source: answer,
    sizes: SIZES,
    async round(rig, name, size) {
      const wheel = await publish(name, size);
      return {
        what: `${size} bytes`,
        size,
        async begin() {
          const digest = await download(rig, wheel).catch(() => undefined);
          if (digest !== undefined && digest !== wheel.sha256) return "a client has got wrong bytes";
          return digest === undefined ? "cut" : "given";
        },
        look: () => Promise.resolve(isStored(rig, wheel)),
        again: () => checkDownload(rig, wheel),
      };
    },
  };
}

/** A file that a queue was told of. */
export function deliveries(): Act {
  const { answer, publish } = upstream();
  return {
    name: "queue deliveries",
    source: answer,
    goesOn: true,
    sizes: SIZES,
    async round(rig, name, size) {
      const wheel = await publish(name, size);
      const lock = `${wheel.project}==1.0 --hash=sha256:${wheel.sha256}\n`;
      return {
        what: `${size} bytes`,
        size,
        async begin() {
          const told = await rig.ask("warm?filename=requirements.txt", Buffer.from(lock)).catch(() => undefined);
          await told?.body?.cancel().catch(() => undefined);
          return told === undefined ? "cut" : told.status === 200 ? "confirmed" : `answered ${told.status}`;
        },
        async look(heard) {
          const patience = heard === "confirmed" ? PATIENCE : 0;
          for (let waited = 0; waited < patience && !isStored(rig, wheel); waited += 10) await sleep(10);
          return isStored(rig, wheel);
        },
        again: () => checkDownload(rig, wheel),
      };
    },
  };
}

/** The digest of the file as a client gets it. Rejects where the connection ends before. */
async function download(rig: Rig, wheel: Wheel): Promise<string> {
  const page = new URL(`${wheel.project}/`, rig.index);
  const listed = await fetch(page, { headers: { Accept: "application/vnd.pypi.simple.v1+json" } });
  if (listed.status !== 200) throw new Error(`${page.href} answered ${listed.status}: ${await listed.text()}`);
  const { files } = (await listed.json()) as { files: { url: string }[] };
  const file = await fetch(new URL(files[0]?.url ?? "", page));
  if (file.status !== 200) throw new Error(`${wheel.filename} answered ${file.status}`);
  return digestOf(new Uint8Array(await file.arrayBuffer()));
}

async function checkDownload(rig: Rig, wheel: Wheel): Promise<void> {
  const digest = await download(rig, wheel);
  if (digest !== wheel.sha256) throw new Error(`${wheel.filename} has the digest ${digest}`);
}

/** Whether the file has a row. */
const isStored = (rig: Rig, wheel: Wheel): boolean =>
  rig
    .rows<{ key: string }>("objects", "SELECT key FROM object")
    .some(({ key }) => key.startsWith("file/") && key.endsWith(pathOf(wheel)));
