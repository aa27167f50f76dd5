import { resolve } from "node:path";
import { mayBeMissing } from "../../schema/moving.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command } from "../lib/command.ts";
import { stateDirectory } from "../lib/state.ts";

/** `pypi-edge move-out`: writes all that a state directory has into a folder, to be moved elsewhere. */
export const moveOutCommand = () =>
  command("move-out", "write all that is stored on this machine into a folder, to be moved to another deployment", [
    ["pypi-edge move-out /mnt/move", "the server must not run; a second run goes on"],
  ])
    .argument("<folder>", "the folder to write into; it needs as much room as the state directory has")
    .option("--state <dir>", "the state directory of the pypi-edge on this machine (PYPI_EDGE_STATE)")
    .option("--json", "print the result as JSON")
    .action(async (folder, { state, json }) => {
      // The server's code takes a moment to load.
      const { moveAllOut } = await import("../moving/move-all.ts");
      const moved = await moveAllOut(stateDirectory(state), resolve(folder));
      const late = moved.late > 0 ? ` ${mayBeMissing(moved.late)}` : "";
      console.log(json ? JSON.stringify(moved) : `Written into ${folder}: ${contents(moved)}.${late}`);
    });

/** `pypi-edge move-in`: stores what was moved out of another deployment in a new state directory. */
export const moveInCommand = () =>
  command("move-in", "store what was moved out of another deployment in a new state directory", [
    ["pypi-edge move-in /mnt/move --state .pypi-edge", "only reads the folder; a second run goes on"],
  ])
    .argument("<folder>", "the folder that move-out was given, or a copy of the bucket")
    .requiredOption("--state <dir>", "the new state directory: one that does not exist yet, or is empty")
    .option("--json", "print the result as JSON")
    .action(async (folder, { state, json }) => {
      const { moveAllIn } = await import("../moving/move-all.ts");
      const moved = await moveAllIn(resolve(folder), resolve(state));
      const left =
        moved.left > 0 ? ` ${moved.left} were left out and are fetched again: their bytes are not as they were.` : "";
      console.log(json ? JSON.stringify(moved) : `Stored in ${state}: ${contents(moved)}.${left}`);
    });

interface Amounts {
  readonly rows: number;
  readonly objects: number;
  readonly bytes: number;
  readonly values: number;
}

const contents = ({ rows, objects, bytes: size, values }: Amounts) =>
  `rows of the database (${rows}), files (${objects}, ${sizeText(size)}), pages and documents (${values})`;
