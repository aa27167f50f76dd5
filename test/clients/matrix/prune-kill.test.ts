import { join } from "node:path";
import { afterAll } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { keeping } from "../../support/node/kept-team.ts";
import { Rig } from "../../support/node/rig.ts";
import { killTest } from "./kills/kill.ts";
import { prunes } from "./kills/prunes.ts";

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));

// As the others: KILLS makes them fewer, or more.
const kills = Math.round(Number(process.env["KILLS"] ?? 200) * 0.1);
const options = keeping(join(folder, "keeping"), "{ per_project = 1 }");
killTest("The server was", kills, (source) => Rig.open(source, ...options), prunes());
