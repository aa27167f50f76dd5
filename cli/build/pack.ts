import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { bundle, COMMAND_ENTRIES, SERVER_ENTRIES } from "./bundle.ts";

// What `npm pack` runs first: the package has everything built, and no TypeScript.
const folder = join(PROJECT_FOLDER, "dist", "package");
await rm(folder, { recursive: true, force: true });
await bundle(SERVER_ENTRIES, join(folder, "server"), { sourcemap: false });
await bundle(COMMAND_ENTRIES, join(folder, "commands"), { sourcemap: false });
