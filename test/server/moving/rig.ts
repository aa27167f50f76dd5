import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach } from "vitest";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import type { JobResult } from "../../../schema/job-results.ts";
import { parseConfig } from "../../../schema/config.ts";
import { openMachine } from "../../../server/machine.ts";
import { folderPlace } from "../../../server/moving/folder-place.ts";
import { moveIn } from "../../../worker/storage/moving/move-in.ts";
import type { Platform } from "../../../worker/platform/platform.ts";
import { createWorker } from "../../../worker/worker.ts";
import { objectsOf } from "../../support/node/objects-of.ts";
import { uploadFields } from "../../support/upload-fields.ts";
import { ONE_SOURCE } from "../../support/variables.ts";
import { LEFT_COLUMN } from "../../../worker/storage/moving/tables.ts";

const ADMIN = "the-admin-of-the-moves";
const NO_QUEUE = { send: () => Promise.resolve(), sendBatch: () => Promise.resolve() };
const SIMPLE = "application/vnd.pypi.simple.v1+json";

export const MIRRORED = await buildWheel({ name: "mirrored", version: "1.0" });
export const HOSTED = await buildWheel({ name: "hosted", version: "1.0", files: { "a.bin": new Uint8Array(99) } });

/** Where the upstream has its file. */
const ADDRESS = `files.test/some/${MIRRORED.filename}`;

export type Deployment = Awaited<ReturnType<typeof openDeployment>>;

type Asked = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

const opened: { close(): Promise<void> }[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-moving-"));
  folders.push(folder);
  return folder;
}

/** A worker over the stores in a state directory, without a server. `close` ends it; a test need not. */
export async function openDeployment(state = newFolder()) {
  const machine = await openMachine({ state, migrations: MIGRATIONS, consumers: [], log: () => undefined });
  const upstream = { isAway: false, asked: [] as string[] };
  const platform: Platform = {
    ...machine.platform,
    fills: NO_QUEUE,
    refreshes: NO_QUEUE,
    notices: NO_QUEUE,
    mirrors: NO_QUEUE,
    fetch: async (url, { method }) => {
      upstream.asked.push(`${method} ${url.href}`);
      if (upstream.isAway) throw new Error("the upstream is away");
      return upstreamAnswer(url.href);
    },
  };
  const config = parseConfig({
    ...ONE_SOURCE,
    UPSTREAMS: { pypi: { url: "https://upstream.test/simple/", files: "https://files.test/" } },
    INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } },
    ADMIN_TOKEN: ADMIN,
    FEED: false,
    PUBLIC_URL: "https://pypi.test",
  });
  const worker = createWorker(config, platform);
  const authorization = { Authorization: `Bearer ${ADMIN}` };

  async function ask(path: string, init: Asked = {}) {
    const working: Promise<unknown>[] = [];
    const request = new Request(`https://pypi.test${path}`, {
      ...init,
      headers: { ...authorization, ...init.headers },
    });
    const answer = await worker.fetch(request, { waitUntil: (work) => void working.push(work) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    // Work may have more work go on.
    for (const work of working) await work;
    return { status: answer.status, text: bytes.toString(), bytes };
  }

  let isOpen = true;
  const deployment = {
    state,
    platform,
    upstream,
    ask,
    /** Runs a job until it has come to its end; its last answer. */
    async job(name: string): Promise<{ status: number; text: string; runs: number }> {
      for (let runs = 1; ; runs++) {
        const { status, text } = await ask(`/-/api/jobs/${name}`, { method: "POST" });
        if (status !== 200) return { status, text, runs };
        const { results } = JSON.parse(text) as { results: JobResult[] };
        if (results.every((result) => !("isDone" in result) || result.isDone)) return { status, text, runs };
      }
    },
    async upload(wheel: Wheel) {
      const form = new FormData();
      for (const [field, value] of Object.entries(uploadFields(wheel))) form.set(field, value);
      form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
      return ask("/team/legacy/", { method: "POST", body: form });
    },
    /** What clients are given of what `fill` has put there: a status and a digest for each. */
    async served(): Promise<string[]> {
      const { text } = await ask("/team/simple/hosted/", { headers: { Accept: SIMPLE } });
      const url = /"url":"([^"]+)"/.exec(text)?.[1] ?? "/none";
      const paths = [
        "/simple/mirrored/",
        `/files/${ADDRESS}`,
        new URL(url, "https://pypi.test/team/simple/hosted/").pathname,
        `/team/integrity/hosted/1.0/${HOSTED.filename}/provenance`,
      ];
      const answers = await Promise.all(paths.map((path) => ask(path, { headers: { Accept: SIMPLE } })));
      return answers.map(({ status, bytes }) => `${status} ${createHash("sha256").update(bytes).digest("hex")}`);
    },
    async close() {
      if (isOpen) await machine.close();
      isOpen = false;
    },
  };
  opened.push(deployment);
  return deployment;
}

/** Keys that are no file's names, or no two of which a disk has, and metadata with odd names and values. */
export const ODD: Readonly<Record<string, Record<string, string>>> = {
  [`file/s/host/${"long".repeat(200)}.whl`]: { modifiedAt: "1", "UPPER and space": "ä b" },
  "file/s/host/a.whl": { project: "a" },
  "file/s/host/a.whl/b.whl": { project: "b" },
  "file/s/host/../../up.whl": {},
  "file/s/host//empty.whl": { validator: "" },
  "file/s/host/ümlaut.whl": {},
  "list/4/https%3A%2F%2Fupstream.test%2Fsimple%2F!": { revision: "r", changedAt: "7" },
};

/** Puts something of each kind into a deployment. */
export async function fill(deployment: Deployment): Promise<void> {
  const body = JSON.stringify({ name: "all", index: "team", scopes: ["read"] });
  await deployment.ask("/-/api/tokens", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const { status, text } = await deployment.upload(HOSTED);
  if (status !== 200) throw new Error(text);
  const { database } = deployment.platform;
  await database
    .prepare("INSERT INTO hosted_provenance (index_name, sha256, filename, object) VALUES ('team', ?1, ?2, ?3)")
    .bind(HOSTED.sha256, HOSTED.filename, '{"version":1,"attestation_bundles":[]}')
    .run();
  await database
    .prepare(
      "INSERT INTO provenance (source, project, filename, sha256, verdict, root, verifier, judged_at) VALUES ('s', 'mirrored', ?1, ?2, '{}', 'r', 'v', 1)",
    )
    .bind(MIRRORED.filename, MIRRORED.sha256)
    .run();
  await database
    .prepare(
      "INSERT INTO trusted_root (id, root, source, metadata, taken_at) VALUES (0, '{}', 'https://tuf.test', '{}', 1)",
    )
    .run();
  for (const served of await deployment.served()) if (!served.startsWith("200 ")) throw new Error(served);
  for (const [key, customMetadata] of Object.entries(ODD))
    await deployment.platform.objects.put(key, key, { customMetadata });
  await deployment.platform.objects.put("staging/unfinished", "half of it");
  await carry(deployment);
}

/** What was carried to a source of kind `offline`: a file, and the page that names it. */
export const CARRIED = ["a carried file", "a carried page"].map((text) => ({
  text,
  sha256: createHash("sha256").update(text).digest("hex"),
}));

async function carry({ platform: { objects, database } }: Deployment): Promise<void> {
  const [file, page] = CARRIED.map(({ sha256 }) => sha256);
  for (const { text, sha256 } of CARRIED) await objects.put(`carried/${sha256}`, text, { sha256 });
  await database.batch([
    database.prepare("INSERT INTO carried_step VALUES ('s', 1, 'c', 'm', 1, 3, '[]', 1, 2, 'k')"),
    database.prepare("INSERT INTO carried_object VALUES ('s', 'file', ?1, ?1, 14, 1)").bind(file ?? ""),
    database.prepare("INSERT INTO carried_page VALUES ('s', 'demo', ?1, 14, 1, 1)").bind(page ?? ""),
  ]);
}

/** All objects that are moved: key, metadata and digest. */
export const movedObjectsOf = ({ platform }: Deployment): Promise<readonly unknown[]> =>
  objectsOf(platform.objects, (key) => !/^(?:move|staging)\//.test(key));

/** All rows of a closed deployment's tables, but for what each database has of its own. */
export function rowsOf(state: string, tables: readonly string[]): Record<string, unknown[]> {
  const db = new DatabaseSync(join(state, "database.sqlite"), { readOnly: true });
  try {
    return Object.fromEntries(
      tables.map((table) => {
        const rows = db.prepare(`SELECT * FROM "${table}"`).all();
        return [table, rows.map(({ [LEFT_COLUMN]: _left, ...row }) => row)];
      }),
    );
  } finally {
    db.close();
  }
}

/** Moves a folder into a deployment that is open. */
export const moveFolderInto = ({ platform }: Deployment, folder: string) =>
  moveIn(platform, folderPlace(folder), () => true);

function upstreamAnswer(url: string): Response {
  if (url.endsWith(".whl")) return new Response(Buffer.from(MIRRORED.bytes));
  if (!url.endsWith("/mirrored/")) return new Response("none", { status: 404 });
  const { filename, sha256, bytes } = MIRRORED;
  const files = [
    {
      filename,
      url: `https://${ADDRESS}`,
      hashes: { sha256 },
      size: bytes.byteLength,
      "upload-time": "2026-01-02T03:04:05Z",
    },
  ];
  return Response.json(
    { meta: { "api-version": "1.1" }, name: "mirrored", versions: ["1.0"], files },
    { headers: { "Content-Type": SIMPLE, ETag: '"one"' } },
  );
}
