import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../../cli/lib/project-folder.ts";
import { fakeIndex } from "../../../support/node/fake-index/fake-index.ts";
import { CLI } from "../../../support/node/command.ts";
import type { Rig } from "../../../support/node/rig.ts";
import type { Act } from "./kill.ts";

const NAMES = readdirSync(MIGRATIONS).toSorted();

/** The first migrations that have what is looked for afterwards. */
const OLDEST = 8;

const TOKENS = 500;

/** Starts of a server on the database of an earlier version. */
export function migrations(): Act {
  return {
    name: "starts that migrate",
    source: fakeIndex([], () => "pypi"),
    goesOn: true,
    sizes: [0],
    async round(rig, name) {
      await rig.stop();
      rmSync(rig.state, { recursive: true });
      const count = OLDEST + (Number(/\d+/.exec(name)?.[0]) % (NAMES.length - OLDEST));
      makeOld(rig.state, count);
      const child = spawn(
        process.execPath,
        [CLI, "serve", "--state", rig.state, "--port", `${rig.port}`, "--no-cron"],
        {
          stdio: ["ignore", "pipe", "ignore"],
        },
      );
      const ended = once(child, "close");
      return {
        what: `after ${count} migrations`,
        size: 0,
        async begin() {
          for await (const text of child.stdout.setEncoding("utf8"))
            if (String(text).includes("ready")) return "confirmed";
          return "cut";
        },
        async kill() {
          child.kill("SIGKILL");
          await ended;
        },
        start: () => rig.start(),
        look: () => Promise.resolve(isWhole(rig)),
        async again(isThere) {
          if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
          await ended;
          if (!isThere || !isWhole(rig)) throw new Error("rows or migrations are missing");
        },
      };
    },
  };
}

function makeOld(state: string, count: number): void {
  mkdirSync(state);
  const db = new DatabaseSync(join(state, "database.sqlite"));
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(
    "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
  );
  for (const name of NAMES.slice(0, count)) {
    db.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  }
  const insert = db.prepare(
    "INSERT INTO token (id, name, hash, index_name, scopes, created_at, created_by) VALUES (?, 'a', 'b', 'team', '[]', 0, 'admin')",
  );
  for (let at = 0; at < TOKENS; at++) insert.run(String(at));
  db.close();
}

/** All rows are there, and each migration was applied once. */
function isWhole(rig: Rig): boolean {
  const [tokens] = rig.rows<{ n: number }>("database", "SELECT count(*) AS n FROM token");
  const applied = rig.rows<{ name: string }>("database", "SELECT name FROM d1_migrations ORDER BY id");
  return tokens?.n === TOKENS && applied.map(({ name }) => name).join() === NAMES.join();
}
