import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommandLine } from "./lib/run.ts";
import { PROJECT_FOLDER } from "./lib/project-folder.ts";
import { program } from "./program.ts";

const { version } = JSON.parse(readFileSync(join(PROJECT_FOLDER, "package.json"), "utf8")) as { version: string };
await runCommandLine(program(version));
