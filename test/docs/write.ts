import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGES } from "./pages.ts";

/** `npm run docs`: writes the files that are made from the code. */
for (const [file, make] of Object.entries(PAGES)) writeFileSync(join(import.meta.dirname, "../..", file), make());
