import { command } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { wheelFolder } from "../demo/folder.ts";
import { removeDirectory, temporaryDirectory } from "../demo/leftovers.ts";
import { startProduct } from "../demo/product.ts";
import { table } from "../lib/table.ts";
import { findTools, type Tools } from "../demo/tools.ts";
import { TOUR, tourWheels, type Stage } from "../demo/tour.ts";
import { Witness } from "../demo/witness.ts";
import type { Installer } from "../demo/installer.ts";

const HEADER = ["client", "step", "result", "seconds", "upstream requests"];

/** `pypi-edge demo`: a tour with a real client, on this machine alone. */
export const demoCommand = () =>
  command(
    "demo",
    "install from a small index on this machine with real clients, and show each step's result; it sends no data to other machines",
  ).action(tour);

async function tour(): Promise<void> {
  const tools = await findTools();
  if (typeof tools === "string") throw new CommandError(tools);
  const wheels = await tourWheels();
  console.log(
    `pypi-edge demo: an index of ${wheels.length} wheels made just now, pypi-edge in front of it, a real client.`,
  );
  console.log("Nothing leaves this machine.");
  if (!tools.hasUv) console.log("There is no uv on the PATH: the demo runs without it.");
  const witness = await new Witness(wheelFolder(wheels)).start();
  const rows: string[][] = [];
  let faults = 0;
  try {
    for (const installer of tools.installers) {
      const guided = await guide(installer, tools, witness);
      rows.push(...guided.rows);
      faults += guided.faults;
    }
  } finally {
    await witness.stop();
  }
  console.log(`\n${table(HEADER, rows)}`);
  if (faults > 0) throw new CommandError(`\n${faults} of ${rows.length} steps did not behave as they should.`);
}

async function guide(
  installer: Installer,
  { python }: Tools,
  witness: Witness,
): Promise<{ rows: string[][]; faults: number }> {
  const state = temporaryDirectory();
  const product = await startProduct(witness.index, state);
  const stage: Stage = { installer, python, witness, product };
  const rows: string[][] = [];
  let faults = 0;
  console.log(`\n${installer.label}, installing from ${product.index}`);
  try {
    for (const step of TOUR) {
      const { outcome, seconds, requests, fault } = await step.run(stage);
      const mark = fault === null ? "✓" : "✗";
      console.log(`  ${mark} ${step.name}: ${step.what} → ${outcome}`);
      if (fault !== null) {
        faults += 1;
        console.error(`    ${fault.trim().replaceAll("\n", "\n    ")}`);
      }
      rows.push([installer.label, step.name, outcome, seconds.toFixed(2), `${requests}`]);
    }
  } finally {
    await product.stop();
    removeDirectory(state);
  }
  return { rows, faults };
}
