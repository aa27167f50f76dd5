import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { licensesOf } from "./licenses.ts";
import { bundleWorker } from "./bundle-worker.ts";
import { bundle, COMMAND_ENTRIES, SERVER_ENTRIES } from "./bundle.ts";

// What `npm pack` runs first: the package has everything built, and no TypeScript.
const folder = join(PROJECT_FOLDER, "dist", "package");
await rm(folder, { recursive: true, force: true });
const server = await bundle(SERVER_ENTRIES, join(folder, "server"), { sourcemap: false });
const commands = await bundle(COMMAND_ENTRIES, join(folder, "commands"), { sourcemap: false });
const worker = await bundleWorker(join(folder, "worker"));
await writeFile(join(folder, "LICENSES.txt"), await licensesOf([...server, ...commands, ...worker]));
