import { join } from "node:path";
import type { Plugin } from "esbuild";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";

/** What sigstore's packages, which are CommonJS, `require` of Node: a module for the runtime's own, by its full name. */
const modulesOfNode: Plugin = {
  name: "modules-of-node",
  setup({ onResolve, onLoad }) {
    const namespace = "node";
    onResolve({ filter: /^(?:crypto|util)$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `export * from "node:${path}"; export { default } from "node:${path}";`,
      resolveDir: PROJECT_FOLDER,
    }));
  },
};

/**
 * Bundles the worker for Cloudflare with all that it imports, as one module with our own names: `pypi-edge deploy` gives it to
 * wrangler, which makes it small.
 *
 * @param folder where `index.js` is written
 * @param root the project's folder, or a checkout of another version
 * @param entry the module that is the worker, below `root`
 * @returns all files that are in the bundle, as paths below `root`
 */
export async function bundleWorker(
  folder: string,
  root = PROJECT_FOLDER,
  entry = join("worker", "index.ts"),
): Promise<string[]> {
  // A package has no esbuild, and needs none: it is loaded where something is built.
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "neutral",
    format: "esm",
    target: "es2024",
    // As wrangler resolves packages.
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    plugins: [modulesOfNode],
    // The package is smaller, and stacks have our own names.
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "silent",
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}
