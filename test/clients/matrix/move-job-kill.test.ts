import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { openMachine } from "../../../server/machine.ts";
import { objectsOf } from "../../support/node/objects-of.ts";

/** Many more than are there when the server is killed: looking takes a while on a busy machine. */
const OBJECTS = 900;
const ROWS = 60_000;
const PAGES = 450;

/** Keys that are no file's names. */
const IS_ODD = /^file\/.*\/f\d+$/;

const ADMIN = "the-admin-token-of-the-moves";
const REFUSING = "http://127.0.0.1:9/simple/";

const folder = temporaryDirectory();
const within = (name: string) => join(folder, name);

let server: Product | undefined;
afterAll(async () => {
  await server?.stop();
  removeDirectory(folder);
});

const open = (state: string) =>
  openMachine({ state: within(state), migrations: MIGRATIONS, consumers: [], log: () => undefined });

type Stored = Awaited<ReturnType<typeof open>>["platform"];

async function fill({ objects, keyValue, database }: Stored): Promise<void> {
  for (let at = 0; at < OBJECTS; at++) {
    const bytes = Buffer.alloc(1 + at, at);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    // Every second key is no file's name: its bytes are copied into the move folder.
    const key = at % 2 === 0 ? `file/s/host/f${at}.whl` : `file/s/host/f${at}`;
    await objects.put(key, bytes, {
      customMetadata: { project: `f${at}`, modifiedAt: "1", digest: `sha256=${sha256}` },
    });
  }
  for (let at = 0; at < PAGES; at++) await keyValue.put(`document/s/${at}`, `document ${at}`, { metadata: { at } });
  await database
    .prepare(
      `WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?1)
       INSERT INTO audit SELECT id, id, 'admin', 'admin', '', 'token.create', 'team', '', '', '{}' FROM n`,
    )
    .bind(ROWS)
    .run();
}

/** All that is moved: objects with metadata and digests, values, and rows of the audit log. */
async function contents(state: string): Promise<readonly unknown[]> {
  const { platform, close } = await open(state);
  const objects = await objectsOf(platform.objects, (key) => !key.startsWith("move/"));
  const values: unknown[] = [];
  for (let at = 0; at < PAGES; at++) {
    const { value, metadata } = await platform.keyValue.getWithMetadata(`document/s/${at}`, "stream");
    values.push([value && (await new Response(value).text()), metadata]);
  }
  const { results } = await platform.database.prepare("SELECT * FROM audit ORDER BY id").all();
  await close();
  return [objects, values, results];
}

const filesBelow = (path: string) =>
  existsSync(within(path))
    ? readdirSync(within(path), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    : 0;

function rowsIn(state: string): number {
  const database = new DatabaseSync(join(within(state), "database.sqlite"), { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM audit").get()?.["n"]);
  } finally {
    database.close();
  }
}

const start = async (state: string): Promise<Product> =>
  (server = await startProduct(REFUSING, within(state), { also: ["--admin-token", ADMIN] }));

const ask = async ({ index }: Product, job: string) =>
  fetch(new URL(`/-/api/jobs/${job}`, index), { method: "POST", headers: { Authorization: `Bearer ${ADMIN}` } });

/** Has a server run a job until something is so, and kills the server. */
async function killedWhile(state: string, job: string, isReached: () => boolean): Promise<void> {
  const running = await start(state);
  let answered: Response | undefined;
  void ask(running, job).then(
    (answer) => (answered = answer),
    () => undefined,
  );
  while (!isReached()) {
    if (answered) throw new Error(`${job} ended before the server was killed: ${await answered.text()}`);
    await sleep(1);
  }
  await running.kill();
}

async function toTheEnd(state: string, job: string): Promise<string> {
  const running = await start(state);
  for (;;) {
    const answer = await ask(running, job);
    const text = await answer.text();
    expect([answer.status, text]).toEqual([200, expect.any(String)]);
    if (/"isDone":true/.test(text) || !/"isDone":false/.test(text)) {
      await running.stop();
      return text;
    }
  }
}

test("the jobs move-out and move-in whose server is killed at any moment are gone on with: all arrives", async () => {
  const { platform, close } = await open("state");
  await fill(platform);
  await close();
  const wanted = await contents("state");

  const moveFiles = () => filesBelow("state/objects/move");
  for (const count of [2, 8, 60, 200, 440]) await killedWhile("state", "move-out", () => moveFiles() >= count);
  await toTheEnd("state", "move-out");
  expect(await contents("state")).toEqual(wanted);

  // What rclone does: all objects whose keys are files' names, without their metadata.
  const [from, to] = [await open("state"), await open("made")];
  const { objects } = from.platform;
  for (let startAfter: string | undefined = ""; startAfter !== undefined;) {
    const listed = await objects.list({ ...(startAfter !== "" && { startAfter }) });
    for (const { key } of listed.objects)
      if (!IS_ODD.test(key)) await to.platform.objects.put(key, (await (await objects.get(key))?.bytes()) ?? "");
    startAfter = listed.truncated ? listed.objects.at(-1)?.key : undefined;
  }
  await from.close();
  await to.close();

  const odd = () => filesBelow("made/objects/file");
  const before = odd();
  for (const count of [1, 100, 400]) await killedWhile("made", "move-in", () => odd() >= before + count);
  for (const count of [1, 15_000, 30_000]) await killedWhile("made", "move-in", () => rowsIn("made") >= count);
  await toTheEnd("made", "move-in");
  expect(await contents("made")).toEqual(wanted);
});
