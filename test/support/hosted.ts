import { env } from "cloudflare:workers";
import { asFilename } from "../../worker/pypi/filename.ts";
import { identityOf } from "../../worker/pypi/identity.ts";
import { asProjectName } from "../../worker/pypi/name.ts";
import { versionOf } from "../../worker/pypi/version.ts";
import { ADMIN_TOKEN, JSON_TYPE, type PageJson, type Rig } from "./rig.ts";
import { sha256 } from "./upstream.ts";

/** Sources as the shipped configuration has them: a team's index over the public one. */
export const TEAM = {
  INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } },
};

/** The same, its index read by anyone, so that tests need no token. */
export const OPEN_TEAM = teamOf({});

/** A team's index that anyone may read, and what else there is to say of it. */
export function teamOf(more: Record<string, unknown>, others: Record<string, unknown> = {}) {
  const team = { sources: ["default"], hosted: true, read: "anyone", ...more };
  return { INDEXES: { default: { sources: ["pypi"] }, ...others, team } };
}

/** Who may read everything. */
export const READER = { Authorization: `Bearer ${ADMIN_TOKEN}` };

/** A file as a test hosts it. */
export interface FileToHost {
  readonly bytes?: Uint8Array;
  readonly metadata?: string;
  readonly requiresPython?: string;
  readonly yanked?: string;
  /** Milliseconds since the epoch. */
  readonly uploadedAt?: number;
  readonly deleted?: boolean;
  readonly index?: string;
}

/** What an index hosts once `host` has been called. */
export interface HostedHere {
  readonly sha256: string;
  /** Below the index. */
  readonly path: string;
  readonly object: string;
  readonly bytes: Uint8Array;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Has an index host a project, with nothing in it yet or with one file more, as an upload writes it. */
export async function host(name: string, filename?: string, file: FileToHost = {}): Promise<HostedHere> {
  const { index = "team", bytes = bytesOf(`hosted ${filename} in ${index}`), metadata, deleted = false } = file;
  const project = asProjectName(name);
  if (!project) throw new Error(`${name} is no name`);
  await env.DB.prepare(
    `INSERT INTO hosted_project (index_name, project, revision) VALUES (?1, ?2, 1)
     ON CONFLICT DO UPDATE SET revision = revision + 1`,
  )
    .bind(index, project)
    .run();
  const digest = await sha256(bytes);
  const object = `hosted/${digest}/${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  if (filename === undefined) return { sha256: digest, path: "", object, bytes };
  const safe = asFilename(filename);
  if (!safe) throw new Error(`${filename} is no filename`);
  await env.FILES.put(object, bytes);
  if (metadata !== undefined) await env.FILES.put(`${object}.metadata`, metadata);
  await env.DB.prepare(
    `INSERT OR REPLACE INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object,
       metadata_sha256, requires_python, uploaded_at, yanked, deleted_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
  )
    .bind(
      index,
      project,
      identityOf(safe, project),
      filename,
      versionOf(safe, project) ?? "0",
      digest,
      bytes.byteLength,
      deleted ? null : object,
      metadata === undefined ? null : await sha256(bytesOf(metadata)),
      file.requiresPython ?? null,
      file.uploadedAt ?? Date.parse("2026-11-01T10:00:00.123Z"),
      file.yanked ?? null,
      deleted ? 1 : null,
    )
    .run();
  return { sha256: digest, path: `/files/-/${digest}/${encodeURIComponent(filename)}`, object, bytes };
}

/** Gives a hosted project a status (PEP 792). */
export async function setStatus(project: string, status: string, reason?: string, index = "team"): Promise<void> {
  await env.DB.prepare(
    `UPDATE hosted_project SET status = ?3, status_reason = ?4, revision = revision + 1
     WHERE index_name = ?1 AND project = ?2`,
  )
    .bind(index, project, status, reason ?? null)
    .run();
}

/** A page of an index as JSON, parsed; undefined where there is none. */
export async function pageIn(rig: Rig, index: string, project: string, headers: Record<string, string> = {}) {
  const answer = await rig.get(`${index}/simple/${project}/`, { Accept: JSON_TYPE, ...headers });
  return { ...answer, json: answer.status === 200 ? (JSON.parse(answer.text()) as PageJson) : undefined };
}

/** The names of the files on a page. */
export const filesOn = (page: { readonly json: PageJson | undefined }) =>
  page.json?.files.map(({ filename }) => filename);
