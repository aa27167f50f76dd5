import { rm } from "node:fs/promises";
import { join } from "node:path";
import { removeSqlite } from "../carry-over/sqlite-copy.ts";
import { openMachine } from "../machine.ts";
import type { StorageFault } from "./findings.ts";

/**
 * Mends what can be mended without a backup: what can be fetched again is deleted, and files whose rows are lost get them
 * again. Nothing that was uploaded is deleted or changed. No server may use the directory.
 *
 * @param migrations the folder of the migrations
 * @throws as `openMachine` does
 */
export async function repair(state: string, migrations: string, findings: readonly StorageFault[]): Promise<void> {
  const of = (kind: StorageFault["kind"]) =>
    findings.filter((each) => each.kind === kind).map(({ subject }) => subject);
  if (of("cache-damaged").length > 0) await removeSqlite(join(state, "cache.sqlite"));
  // Without it, files and rows are compared when the directory is opened.
  if (of("file-without-row").length > 0) await rm(join(state, "objects.closed"), { force: true });
  const machine = await openMachine({ state, migrations, consumers: [], log: (line) => console.error(line) });
  try {
    for (const key of of("mirrored-damaged")) await machine.platform.objects.delete(key);
    for (const key of of("page-damaged")) await machine.platform.keyValue.delete(key);
  } finally {
    await machine.close();
  }
}
