import { join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";

/** The threads that write and read SQLite, which are files of their own beside what starts them. */
const THREADS = {
  "reader-thread": "server/sqlite/reader-thread.ts",
  "writer-thread": "server/sqlite/writer-thread.ts",
};

export const SERVER_ENTRIES = { serve: "server/serve.ts", ...THREADS };

/** The commands, and the process that `demo` starts. */
export const COMMAND_ENTRIES = { "pypi-edge": "cli/pypi-edge.ts", watchdog: "cli/demo/watchdog.ts", ...THREADS };

/** The oldest Node that a bundle runs on. */
const TARGET = "node22.13";

/** What only a clone has, where something is built. */
const ONLY_IN_A_CLONE = ["esbuild"];

/** Some dependencies are CommonJS modules, which call `require` for modules of Node. */
const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/**
 * Bundles entries with all that they import, as JavaScript modules for Node.
 *
 * @param entries source files by the names of the bundles
 * @param folder where the bundles are written
 * @param sourcemap whether maps to the sources are written beside them
 * @returns all files that are in the bundles, as paths below the project's folder
 */
export async function bundle(
  entries: Readonly<Record<string, string>>,
  folder: string,
  { sourcemap }: { readonly sourcemap: boolean },
): Promise<string[]> {
  // A package has no esbuild, and needs none: it is loaded where something is built.
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: PROJECT_FOLDER,
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: join(PROJECT_FOLDER, path), out })),
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "esm",
    target: TARGET,
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    external: ONLY_IN_A_CLONE,
    alias: { "make-fetch-happen": join(PROJECT_FOLDER, "cli/build/plain-fetch.ts") },
    // What a command loads when it runs stays a file of its own.
    splitting: true,
    // The package is smaller, and stacks have our own names.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap,
    banner: { js: REQUIRE },
    logLevel: "silent",
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}
