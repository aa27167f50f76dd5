import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { openMachine } from "../../server/machine.ts";
import { asFileRef } from "../../worker/pypi/file-url.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { createStores } from "../../worker/storage/stores.ts";
import { MAX_PUT } from "../../worker/storage/r2/mirrored-files.ts";
import { nameOf } from "./mirror/names.ts";

/*
 * The mirror's tables with as many projects as PyPI has: `node test/bench/mirror.ts [PROJECTS]`. Time and memory of matching the root
 * listing, the size of the database, and the time of a tick with and without something due.
 */

const PROJECTS = Number(process.argv[2] ?? 886_000);
const BATCH = 2_000;
const SOURCE = "https%3A%2F%2Fpypi.org%2Fsimple%2F";

const state = mkdtempSync(join(tmpdir(), "pypi-edge-mirror-"));
const machine = await openMachine({ state, migrations: MIGRATIONS, consumers: [], log: () => undefined });
const stores = createStores(machine.platform, { maxPut: MAX_PUT }, { grace: 0, isReserved: () => false });
const { mirrorWork } = stores.ofSource(SOURCE, undefined, () => Promise.resolve());
const { mirrorLists } = stores;
const now = Date.now();

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  const rss = Math.round(process.memoryUsage().rss / 1e6);
  console.log(`${what}: ${(performance.now() - began).toFixed(1)} ms; ${rss} MB of memory`);
  return result;
}

const author = { principal: { id: "admin", name: "admin", index: "*", scopes: ["admin" as const] }, origin: "" };
await mirrorLists.add(
  SOURCE,
  [{ pattern: "*", specifiers: "", extras: [], withDependencies: false }],
  { ...author, action: "mirror.add", index: "*", project: "", subject: "pypi" },
  now,
);
await timed(`matching ${PROJECTS} names`, async () => {
  for (let at = 0; at < PROJECTS; at += BATCH) {
    const names = Array.from({ length: Math.min(BATCH, PROJECTS - at) }, (_, n) => nameOf(at + n));
    await mirrorWork.listed(names, now);
  }
});
for (let n = 0; n < 3; n++) await timed("a tick with all of them due", () => mirrorLists.due([SOURCE], now));
await timed("the next 20", () => mirrorWork.due(now, 20));
await timed("a status", () => mirrorLists.status(SOURCE, now));
await machine.platform.database.prepare("UPDATE mirror_project SET due_at = NULL").run();
await machine.platform.database
  .prepare("UPDATE mirror_run SET list_at = ?1")
  .bind(now + 1)
  .run();
for (let n = 0; n < 3; n++) await timed("a tick with none due", () => mirrorLists.due([SOURCE], now));
const sizeNow = async () =>
  (
    await machine.platform.database
      .prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()")
      .first<{ bytes: number }>()
  )?.bytes ?? 0;
const before = await sizeNow();
const [WITH_FILES, FILES_EACH] = [500, 200];
await timed(`recording ${WITH_FILES * FILES_EACH} files as mirrored`, async () => {
  for (let at = 0; at < WITH_FILES; at++) {
    const name = nameOf(at) as ProjectName;
    const keep = Array.from({ length: FILES_EACH }, (_, n) => {
      const digest = `${at}-${n}`.padStart(60, "0");
      const file = `${name}-1.${n}.0-cp312-cp312-manylinux_2_17_x86_64.whl`;
      const ref = asFileRef(`files.pythonhosted.org/packages/00/00/${digest}/${file}`, "file");
      if (!ref) throw new Error(`${file} is no file's name`);
      return { ref, size: 1 };
    });
    const amounts = { files: FILES_EACH, bytes: 1, missing: 0, missingBytes: 0, leftOut: 0 };
    const how = { dueAt: null, isDone: true, attempts: 0, leave: [], failures: [], requirements: undefined };
    await mirrorWork.examined(
      { name, dueAt: now, wantedSerial: undefined, attempts: 0 },
      { ...how, amounts, keep },
      now,
    );
  }
});
console.log(
  `${Math.round(((await sizeNow()) - before) / (WITH_FILES * FILES_EACH))} bytes of the database for each file`,
);
await machine.close();
console.log(`the database: ${(statSync(join(state, "database.sqlite")).size / 1e6).toFixed(1)} MB`);
rmSync(state, { recursive: true });
