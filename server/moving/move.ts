import { moveIn } from "../../worker/storage/moving/move-in.ts";
import { moveOut, type MovedStores } from "../../worker/storage/moving/move-out.ts";
import { openMachine } from "../machine.ts";
import { folderPlace } from "./folder-place.ts";

interface MoveOptions {
  /** The state directory, which nothing else uses. */
  readonly state: string;
  /** The folder that the move folder is in. */
  readonly folder: string;
  /** The folder of the migrations. */
  readonly migrations: string;
}

type Moved = Awaited<ReturnType<typeof moveOut>>;

const toTheEnd = () => true;

/** Writes all that a state directory has into a folder. Rejects as `openMachine` and `moveOut` do. */
export const moveOutOfState = (options: MoveOptions): Promise<Moved> =>
  withStores(options, (deployment, folder) => moveOut(deployment, folderPlace(folder), toTheEnd, Date.now));

/** Stores all that a folder has in a state directory that no server has used; it is on the disk when this resolves. Rejects as `openMachine` and `moveIn` do. */
export const moveIntoState = (options: MoveOptions): Promise<Moved> =>
  withStores(options, (deployment, folder) => moveIn(deployment, folderPlace(folder), toTheEnd, true));

async function withStores(
  { state, folder, migrations }: MoveOptions,
  move: (deployment: MovedStores, folder: string) => Promise<Moved>,
): Promise<Moved> {
  const machine = await openMachine({ state, migrations, consumers: [], log: (line) => console.error(line) });
  try {
    return await move(machine.platform, folder);
  } finally {
    await machine.close();
  }
}
