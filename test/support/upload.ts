import { env } from "cloudflare:workers";
import { sha256 } from "../../worker/repository/sha256.ts";
import type { Limits } from "../../worker/compose/services.ts";
import type { Platform } from "../../worker/platform/platform.ts";
import { zip } from "./archive.ts";
import { ADMIN_TOKEN, Rig } from "./rig.ts";
import { uploadFields } from "./upload-fields.ts";
import { metadataText } from "./wheel.ts";

/** A worker with an index that hosts, one that takes other bytes for a name as well, and one that hosts nothing. */
export const teamRig = (platform: Partial<Platform> = {}, limits?: Limits) =>
  new Rig(
    {
      INDEXES: {
        default: { sources: ["pypi"] },
        team: { sources: ["default"], hosted: true },
        scratch: { sources: [], hosted: true, volatile: true },
      },
    },
    platform,
    limits,
  );

/** A file to be uploaded, and what is said of it. */
export interface Upload {
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly fields: Record<string, string>;
}

/** A sound wheel of a project, with this text as its code, and `padding` bytes that do not compress. */
export async function wheelOf(project = "demo", version = "1.0", code = "", padding = 0): Promise<Upload> {
  const dist = project.replaceAll("-", "_");
  const info = `${dist}-${version}.dist-info`;
  const bulk = new Uint8Array(padding);
  for (let at = 0; at < padding; at += 65_536) crypto.getRandomValues(bulk.subarray(at, at + 65_536));
  const members: Record<string, string | Uint8Array> = {
    [`${dist}/__init__.py`]: code,
    ...(padding > 0 && { [`${dist}/data.bin`]: bulk }),
    [`${info}/METADATA`]: metadataText(project, version),
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const record = await Promise.all(
    Object.entries(members).map(async ([path, content]) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return `${path},sha256=${digest.toBase64({ alphabet: "base64url", omitPadding: true })},${bytes.byteLength}`;
    }),
  );
  members[`${info}/RECORD`] = [...record, `${info}/RECORD,,`, ""].join("\n");
  const bytes = new Uint8Array(await zip(Object.entries(members).map(([name, content]) => ({ name, content }))));
  return {
    filename: `${dist}-${version}-py3-none-any.whl`,
    bytes,
    fields: uploadFields({ project, version, sha256: sha256(bytes) }),
  };
}

export const BOUNDARY = "00000000000000000000000000000042";

/** A part of a form: a field's value, or a file. */
export type Part = readonly [
  name: string,
  value: string | { readonly filename: string; readonly bytes: Uint8Array; readonly type?: string },
];

/** A form as clients write it: parts in this order. */
export function formOf(parts: readonly Part[], boundary = BOUNDARY): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  const text = (line: string) => chunks.push(new TextEncoder().encode(line));
  for (const [name, value] of parts) {
    text(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`);
    if (typeof value === "string") text(`\r\n\r\n${value}\r\n`);
    else {
      text(`; filename="${value.filename}"\r\nContent-Type: ${value.type ?? "application/octet-stream"}\r\n\r\n`);
      chunks.push(value.bytes);
      text("\r\n");
    }
  }
  text(`--${boundary}--\r\n`);
  const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** The parts of an upload, its file last, as clients send them. */
export const partsOf = ({ filename, bytes, fields }: Upload): Part[] => [
  ...Object.entries(fields),
  ["content", { filename, bytes }],
];

/** Where a request to upload goes, and with what. */
export interface Sending {
  readonly to?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

/** Sends a form, its answer read and all deferred work done. */
export async function send(rig: Rig, { to = "/team/legacy/", headers = {}, body }: Sending) {
  const { response, settled } = await rig.open(to, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${ADMIN_TOKEN}`,
      "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  await settled();
  return { status: response.status, reason: response.statusText, headers: response.headers, text };
}

/** Uploads a file, with what is said of it changed by `fields`. */
export const upload = (rig: Rig, file: Upload, sending: Sending & { readonly fields?: Record<string, string> } = {}) =>
  send(rig, {
    ...sending,
    body: formOf(partsOf({ ...file, fields: { ...file.fields, ...sending.fields } })),
  });

/** A row of the files that indexes host. */
export interface Row {
  readonly index_name: string;
  readonly project: string;
  readonly identity: string;
  readonly filename: string;
  readonly sha256: string;
  readonly size: number;
  readonly object: string | null;
  readonly metadata_sha256: string | null;
  readonly uploaded_at: number;
}

export const rows = async () =>
  (await env.DB.prepare("SELECT * FROM hosted_file ORDER BY index_name, identity").all<Row>()).results;

export const audited = async () =>
  (await env.DB.prepare("SELECT action, index_name, project, subject, actor, origin FROM audit ORDER BY id").all())
    .results;

export const revisionOf = async (project: string, index = "team") =>
  env.DB.prepare("SELECT revision FROM hosted_project WHERE index_name = ?1 AND project = ?2")
    .bind(index, project)
    .first<number>("revision");

/** The keys of what is stored. */
export const stored = async () => (await env.FILES.list()).objects.map(({ key }) => key);

/** Whether what a row says is what is stored: bytes and METADATA, each by its digest. */
export async function isWhole({ object, sha256: digest, size, metadata_sha256 }: Row): Promise<boolean> {
  const bytes = await (await env.FILES.get(object ?? ""))?.bytes();
  const metadata = await (await env.FILES.get(`${object}.metadata`))?.bytes();
  return (
    bytes !== undefined &&
    bytes.byteLength === size &&
    sha256(bytes) === digest &&
    (metadata === undefined ? metadata_sha256 === null : sha256(metadata) === metadata_sha256)
  );
}
