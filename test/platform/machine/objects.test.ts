import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openObjects, type OpenedObjects } from "../../../server/objects/open-objects.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { objectsSuite } from "../suites/objects.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-objects-"));
const writer = new Writer();
let objects: OpenedObjects;
beforeAll(async () => {
  // Some of the suite's keys are durable and some are not.
  objects = await openObjects(folder, writer, { durable: ["put/", "parts/"] });
});
afterAll(async () => {
  await objects.close();
  await writer.end();
  rmSync(folder, { recursive: true });
});

objectsSuite("one machine", { objects: () => objects, pipe: () => new TransformStream(), isSimulator: false });
