import { env } from "cloudflare:workers";
import type { Rig } from "./rig.ts";
import { filePath } from "./rig.ts";
import { FakeUpstream, type FakeFile } from "./upstream.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** As it is in keys. */
export const SOURCE = encodeURIComponent(FakeUpstream.INDEX);

/** The file's name in R2. */
export const keyOf = (filename: string, part = "file") => `${part}/${SOURCE}/files.upstream.test/packages/${filename}`;

export const wheelOf = (project: string, bytes = 1_000): FakeFile => ({
  filename: `${project}-1.0-py3-none-any.whl`,
  bytes: new Uint8Array(bytes).fill(project.charCodeAt(0)),
});

/** Offers a project with one wheel of this size, and has it fetched and stored. */
export async function store(rig: Rig, project: string, bytes = 1_000): Promise<string> {
  const wheel = wheelOf(project, bytes);
  await rig.upstream.publish(project, [{ ...wheel, metadata: `Name: ${project}\n` }]);
  await rig.get(filePath(wheel.filename));
  return keyOf(wheel.filename);
}

export const read = (rig: Rig, project: string) => rig.get(filePath(wheelOf(project).filename));

/** What a job says that it did, or would do. */
export async function sweep(rig: Rig, dryRun = false): Promise<string[]> {
  const { text } = await rig.post(`jobs/sweep${dryRun ? "?dry-run=true" : ""}`);
  return (JSON.parse(text()) as { did: string[] }).did;
}

/** Everything that is in R2. */
export const inStore = async () => (await env.FILES.list()).objects.map(({ key }) => key);

export interface Row {
  readonly key: string;
  readonly source: string;
  readonly project: string;
  readonly size: number;
  readonly used_at: number;
  readonly known_at: number;
}

/** What D1 knows of it. */
export const known = async () => (await env.DB.prepare("SELECT * FROM object ORDER BY key").all<Row>()).results;

/** When a file was last used, as far as D1 knows. */
export const usedAt = async (key: string) => (await known()).find((row) => row.key === key)?.used_at;

/** The projects of which D1 knows a file. */
export const projects = async () => (await known()).map(({ project }) => project);

/** A gigabyte is the smallest quota that can be configured: files are said to be large in D1 alone. */
export const resize = (size: number) => env.DB.prepare("UPDATE object SET size = ?1").bind(size).run();
