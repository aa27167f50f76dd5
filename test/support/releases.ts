import { env } from "cloudflare:workers";
import { ADMIN_TOKEN, Rig } from "./rig.ts";
import { sha256 } from "./upstream.ts";

/** Two indexes that host packages, one that also does and forgets, and the default one, which hosts none. */
export const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true },
  prod: { sources: [], hosted: true },
  scratch: { sources: [], hosted: true, volatile: true },
};

/** A row of `hosted_file`. */
export interface HostedRow {
  readonly index_name: string;
  readonly project: string;
  readonly identity: string;
  readonly filename: string;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly object: string | null;
  readonly metadata_sha256: string | null;
  readonly requires_python: string | null;
  readonly uploaded_at: number;
  readonly yanked: string | null;
  readonly deleted_at: number | null;
}

const COLUMNS = [
  "index_name",
  "project",
  "identity",
  "filename",
  "version",
  "sha256",
  "size",
  "object",
  "metadata_sha256",
  "requires_python",
  "uploaded_at",
  "yanked",
  "deleted_at",
] as const satisfies readonly (keyof HostedRow)[];

export const UPLOADED_AT = Date.parse("2026-11-01T00:00:00Z");

let ids = 0;

/** A key that nothing has had. */
export const freshKey = (digest: string) => `hosted/${digest}/${(ids++).toString(16).padStart(16, "0")}`;

/** Has an index host a wheel, its bytes in the store, as an upload would leave it. */
export async function host(index: string, filename: string, more: Partial<HostedRow> & { text?: string } = {}) {
  const { text = filename, ...given } = more;
  const [project = "", version = ""] = filename.split("-");
  const bytes = new TextEncoder().encode(text);
  const digest = given.sha256 ?? (await sha256(bytes));
  const object = given.object === undefined ? freshKey(digest) : given.object;
  if (object !== null && given.object === undefined) {
    await env.FILES.put(object, bytes);
    await env.FILES.put(`${object}.metadata`, `Name: ${project}\n`);
  }
  const row: HostedRow = {
    index_name: index,
    project,
    identity: filename,
    filename,
    version,
    sha256: digest,
    size: bytes.byteLength,
    object,
    metadata_sha256: "ab".repeat(32),
    requires_python: ">=3.9",
    uploaded_at: UPLOADED_AT,
    yanked: null,
    deleted_at: null,
    ...given,
  };
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO hosted_project (index_name, project, revision) VALUES (?1, ?2, 1)
       ON CONFLICT (index_name, project) DO UPDATE SET revision = revision + 1`,
    ).bind(index, row.project),
    env.DB.prepare(
      `INSERT INTO hosted_file (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map((_, at) => `?${at + 1}`).join(", ")})`,
    ).bind(...COLUMNS.map((column) => row[column])),
  ]);
  return row;
}

/** What an index hosts. */
export const hosted = async (index: string) =>
  (
    await env.DB.prepare("SELECT * FROM hosted_file WHERE index_name = ?1 ORDER BY identity")
      .bind(index)
      .all<HostedRow>()
  ).results;

export interface ProjectRow {
  readonly index_name: string;
  readonly project: string;
  readonly status: string | null;
  readonly status_reason: string | null;
  readonly revision: number;
}

export const projectRows = async () =>
  (await env.DB.prepare("SELECT * FROM hosted_project ORDER BY index_name, project").all<ProjectRow>()).results;

export interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly index_name: string;
  readonly project: string;
  readonly subject: string;
  readonly details: string;
}

export const audit = async () => (await env.DB.prepare("SELECT * FROM audit ORDER BY id").all<AuditRow>()).results;

/** Everything that a refused request must leave as it was. */
export const everything = async () => [
  await projectRows(),
  (await env.DB.prepare("SELECT * FROM hosted_file ORDER BY index_name, identity").all()).results,
  await audit(),
];

export const team = (vars: Record<string, unknown> = {}) => new Rig({ INDEXES, ...vars });

/** A request to the API, whatever its method, its body JSON. */
export async function call(
  rig: Rig,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { Authorization: `Bearer ${ADMIN_TOKEN}` },
) {
  const { response, settled } = await rig.open(`/-/api/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  await settled();
  const isJson = response.headers.get("Content-Type") === "application/json";
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined,
  };
}

const enc = encodeURIComponent;

/** Where a project is in the API, and what is below it. */
export const at = (index: string, project: string, ...below: string[]) =>
  `indexes/${enc(index)}/projects/${[project, ...below].map(enc).join("/")}`;

export const ONE = "demo-1.0-py3-none-any.whl";
export const SDIST = "demo-1.0.tar.gz";
export const TWO = "demo-2.0-py3-none-any.whl";

/** `team` with three files of two releases of `demo`. */
export async function published(): Promise<Rig> {
  await host("team", ONE);
  await host("team", SDIST, { version: "1.0" });
  await host("team", TWO);
  return team();
}

/** A database in which something happens right before the first transactions that write. */
export function beforeWriting(happens: () => Promise<unknown>, times = 1): D1Database {
  let left = times;
  return new Proxy(env.DB, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      if (property !== "batch") return value.bind(target) as unknown;
      return async (statements: D1PreparedStatement[]) => {
        // To read takes two statements.
        if (statements.length > 2 && left-- > 0) await happens();
        return target.batch(statements);
      };
    },
  });
}
