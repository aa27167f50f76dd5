#!/usr/bin/env node
// Starts the command in cli/ on a Node that runs TypeScript: this one, or the one that npm has installed beside it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = join(root, "cli", "pypi-edge.ts");
const node = join(root, "node_modules", "node", "bin", "node");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await import(script);
} else if (existsSync(node)) {
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: "inherit" });
  // A signal to this process alone must end the other as well.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => (process.exitCode = code ?? 1));
} else {
  console.error(
    `pypi-edge needs Node 22.18 or newer, and this is ${process.versions.node}. Run npm ci in ${root}, or install a newer Node.`,
  );
  process.exitCode = 1;
}
