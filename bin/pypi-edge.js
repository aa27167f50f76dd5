#!/usr/bin/env node
// Starts the command: the one that was built for the package, or in a clone the one in cli/, on a Node that runs
// TypeScript: this one, or the one that npm has installed beside it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "cli", "pypi-edge.ts");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isAtLeast = (oldestMajor, oldestMinor) => major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);

if (existsSync(source)) await startClone();
else await startPackage();

async function startPackage() {
  if (!isAtLeast(22, 13)) return refuse("Install a newer Node.", "22.13");
  hideSqliteWarning();
  await import(pathToFileURL(join(root, "dist", "package", "commands", "pypi-edge.js")).href);
}

async function startClone() {
  if (isAtLeast(22, 18)) {
    hideSqliteWarning();
    await import(pathToFileURL(source).href);
    return;
  }
  const node = join(root, "node_modules", "node", "bin", "node");
  if (!existsSync(node)) return refuse(`Run npm ci in ${root}, or install a newer Node.`, "22.18");
  const child = spawn(node, [source, ...process.argv.slice(2)], { stdio: "inherit" });
  // A signal to this process alone must end the other as well.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => (process.exitCode = code ?? 1));
}

function refuse(advice, oldest) {
  console.error(`pypi-edge needs Node ${oldest} or newer, and this is ${process.versions.node}. ${advice}`);
  process.exitCode = 1;
}

/** Node 22 says of node:sqlite that it is experimental. All other warnings are shown as Node shows them. */
function hideSqliteWarning() {
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name === "ExperimentalWarning" && warning.message.startsWith("SQLite")) return;
    for (const listener of listeners) listener(warning);
  });
}
