import { join } from "node:path";
import { expect, test } from "vitest";
import { builtServer } from "../../cli/build/build.ts";
import { freePort, startServer, type StartedServer } from "../../cli/demo/process.ts";
import { noSmallDisks, smallDisk } from "../support/node/small-disk.ts";
import { CLI } from "../support/node/command.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const because = noSmallDisks === undefined ? "" : ` (not run: ${noSmallDisks})`;

test.skipIf(noSmallDisks !== undefined)(`pypi-edge serve starts while the disk is full${because}`, async () => {
  await builtServer();
  const disk = smallDisk(16 * 1024 * 1024);
  let server: StartedServer | undefined;
  const start = async () => {
    const port = await freePort();
    const args = [
      "serve",
      "--port",
      `${port}`,
      "--state",
      join(disk.folder, "state"),
      "--upstream",
      "http://127.0.0.1:9/",
    ];
    server = await startServer(process.execPath, [CLI, ...args], /\bready\b[^]*Ctrl-C/, { cwd: ROOT });
    return `http://127.0.0.1:${port}`;
  };
  try {
    await start();
    await server?.stop();
    disk.fill();
    const address = await start();
    expect((await fetch(`${address}/`)).status).toBe(200);
  } finally {
    await server?.stop();
    disk.remove();
  }
});
