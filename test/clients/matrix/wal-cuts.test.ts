import { createHash } from "node:crypto";
import { cpSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { newFolder, openDeployment } from "../../server/moving/rig.ts";

/** A WAL has a header, and frames of a page with a header (https://www.sqlite.org/fileformat2.html, 4). Bytes. */
const HEADER = 32;
const FRAME = 24 + 4096;

const seed = Number(process.env["CUT_SEED"] ?? Date.now() % 1_000_000);

type File = "database" | "objects";

/** An upload that was confirmed, and the size of each WAL then. */
interface Confirmed {
  readonly wheel: Wheel;
  readonly sizes: Readonly<Record<File, number>>;
}

const walOf = (state: string, file: File) => join(state, `${file}.sqlite-wal`);

/** Uploads some files, and leaves the state directory as it is then. */
async function killed() {
  const deployment = await openDeployment();
  const confirmed: Confirmed[] = [];
  for (let at = 0; at < 4; at++) {
    const wheel = await buildWheel({ name: `cut${at}`, version: "1.0" });
    expect((await deployment.upload(wheel)).status).toBe(200);
    const sizeOf = (file: File) => statSync(walOf(deployment.state, file)).size;
    confirmed.push({ wheel, sizes: { database: sizeOf("database"), objects: sizeOf("objects") } });
  }
  const state = newFolder();
  cpSync(deployment.state, state, { recursive: true });
  for (const file of ["database", "objects"]) rmSync(join(state, `${file}.sqlite-shm`), { force: true });
  await deployment.close();
  return { state, confirmed };
}

/** Where a WAL of this size is cut: at each frame, and somewhere in every fourth. */
function cutsOf(size: number): number[] {
  const ends = Array.from({ length: (size - HEADER) / FRAME + 1 }, (_, at) => HEADER + at * FRAME);
  const within = ends.slice(0, -1).flatMap((end, at) => {
    const random = createHash("sha256").update(`${seed} ${at}`).digest().readUInt16BE();
    return random % 4 === 0 ? [end + 1 + (random % (FRAME - 1))] : [];
  });
  return [0, HEADER - 1, ...ends, ...within];
}

/** A copy of one SQLite file, whose WAL is cut. */
function cutCopy(state: string, file: File, cut: number): DatabaseSync {
  const copy = join(newFolder(), "copy.sqlite");
  cpSync(join(state, `${file}.sqlite`), copy);
  cpSync(walOf(state, file), `${copy}-wal`);
  truncateSync(`${copy}-wal`, cut);
  const db = new DatabaseSync(copy);
  // Its end would wait for the disk.
  db.exec("PRAGMA synchronous = OFF");
  return db;
}

test("of databases whose WAL is cut anywhere, each is whole and has what was confirmed before the cut; a row's object is there", async () => {
  const { state, confirmed } = await killed();
  const objects = new DatabaseSync(join(state, "objects.sqlite"), { readOnly: true });
  const stored = new Set(
    objects
      .prepare("SELECT key FROM object")
      .all()
      .map(({ key }) => key),
  );
  objects.close();
  const cuts = cutsOf(statSync(walOf(state, "database")).size);
  expect(cuts.length).toBeGreaterThan(50);
  for (const cut of cuts) {
    const what = `CUT_SEED=${seed}, ${cut} bytes`;
    const db = cutCopy(state, "database", cut);
    expect(db.prepare("PRAGMA integrity_check").all(), what).toEqual([{ integrity_check: "ok" }]);
    const hasTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'hosted_file'").all().length > 0;
    const rows = hasTable ? db.prepare("SELECT filename, object FROM hosted_file").all() : [];
    const [sum] = hasTable ? db.prepare("SELECT * FROM hosted").all() : [];
    db.close();
    const names = rows.map(({ filename }) => filename);
    const before = confirmed.filter(({ sizes }) => sizes.database <= cut).map(({ wheel }) => wheel.filename);
    expect(names, what).toEqual(expect.arrayContaining(before));
    expect(names.length - before.length, what).toBeLessThan(2);
    expect(sum?.["files"] ?? 0, what).toBe(rows.length);
    expect(
      rows.filter(({ object }) => !stored.has(object)),
      what,
    ).toEqual([]);
  }
});

test.each(["database", "objects"] as const)(
  "a server starts where the WAL of %s is cut, and serves what was confirmed before the cut",
  async (file) => {
    const { state, confirmed } = await killed();
    const size = statSync(walOf(state, file)).size;
    const [first] = confirmed;
    if (!first) throw new Error("nothing was uploaded");
    for (const cut of [0, first.sizes[file] - 1, ...cutsOf(size).slice(-2), size]) {
      const what = `CUT_SEED=${seed}, ${cut} bytes`;
      const copy = newFolder();
      cpSync(state, copy, { recursive: true });
      truncateSync(walOf(copy, file), cut);
      const server = await openDeployment(copy);
      // The bytes of uploads whose object has lost its row are in their place: they get a row again.
      const wanted = confirmed.filter(({ sizes }) => file === "objects" || sizes.database <= cut);
      for (const { wheel } of wanted) {
        const page = await server.ask(`/team/simple/${wheel.project}/`);
        const path = /href="([^"#]+)/.exec(page.text)?.[1] ?? "none";
        const { pathname } = new URL(path, `https://pypi.test/team/simple/${wheel.project}/`);
        const found = await server.ask(pathname);
        expect([found.status, found.bytes.equals(wheel.bytes)], `${what}, ${wheel.filename}`).toEqual([200, true]);
      }
      await server.close();
    }
  },
);
