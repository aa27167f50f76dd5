import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { uploadFields } from "../upload-fields.ts";
import type { Distribution } from "./fake-index/distribution.ts";
import type { Rig } from "./rig.ts";
import type { Team } from "./team.ts";

/** Writes a configuration whose index `team` keeps what `keep` says, TOML; returns the options that name it. */
export function keeping(folder: string, keep: string): string[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "pypi-edge.toml");
  writeFileSync(
    file,
    `[vars.INDEXES]\ndefault = { sources = ["pypi"] }\nteam = { sources = ["default"], hosted = true, keep = ${keep} }\n`,
  );
  return ["--config", file];
}

/** Uploads files to the index `team`. */
export async function uploadAll(team: Team, token: string, files: readonly Distribution[]): Promise<void> {
  for (const file of files) {
    const form = new FormData();
    for (const [name, value] of Object.entries(uploadFields(file))) form.set(name, value);
    if (file.filename.endsWith(".tar.gz")) form.set("filetype", "sdist");
    form.set("content", new Blob([Buffer.from(file.bytes)]), file.filename);
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(team.legacy(), { method: "POST", headers, body: form });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
}

/** Makes all that is hosted sixty days old, and has uses recorded for as long. The server may run. */
export function sixtyDaysLater({ state }: Rig): void {
  const db = new DatabaseSync(join(state, "database.sqlite"), { timeout: 10_000 });
  try {
    const [now, then] = [Date.now(), Date.now() - 60 * 86_400_000];
    db.exec(`BEGIN IMMEDIATE; UPDATE hosted_file SET uploaded_at = ${then} WHERE uploaded_at > ${then};
      INSERT OR REPLACE INTO job (name, ran_at) VALUES ('uses-since:team', ${then}), ('uses-until:team', ${now}); COMMIT;`);
  } finally {
    db.close();
  }
}
