import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import type { UploadOutcome, UploadState } from "../../schema/upload.ts";
import { cloudflare, pipe } from "../../worker/cloudflare/platform.ts";
import type { Platform } from "../../worker/platform/platform.ts";
import type { Authenticate } from "../../worker/auth/authenticate.ts";
import { credentialIn } from "../../worker/auth/credentials.ts";
import { ADMIN, requirePermission, type Principal } from "../../worker/auth/principal.ts";
import { IndexError, storageFailed } from "../../worker/errors.ts";
import { createAuthorize } from "../../worker/http/access.ts";
import { uploadsInPartsRoutes } from "../../worker/http/api/uploads-in-parts.ts";
import { logAs } from "../../worker/log/log.ts";
import { claimantOf } from "../../worker/http/claimant.ts";
import { withContext, type AppEnv } from "../../worker/http/context.ts";
import { createSettling } from "../../worker/http/settle.ts";
import { problem } from "../../worker/http/problem.ts";
import { createUploadsInParts } from "../../worker/publishing/uploads-in-parts.ts";
import type { Publish } from "../../worker/publishing/publish-request.ts";
import { projectCandidates, type Filename } from "../../worker/pypi/filename.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { partStoreIn } from "../../worker/storage/r2/upload-parts.ts";
import { uploadSessionsIn } from "../../worker/storage/d1/upload-sessions.ts";
import { freshId } from "../../worker/storage/keys.ts";
import { counting, type Counts } from "./counting.ts";
import { sha256 } from "./upstream.ts";
import { whole } from "./whole.ts";

/** The least that R2 makes a whole of. Bytes. */
export const PART = 5 * 1024 ** 2;

/** Parts of uploads that have one alone, or are never finished. Bytes. */
export const SMALL = 1_000;

export const MAX_SIZE = 20_000_000;

const holder = (id: string, more: Partial<Principal> = {}): Principal => ({
  id,
  name: `the token of ${id}`,
  index: "team",
  scopes: ["upload"],
  ...more,
});

/** Tokens, and whose they are. */
const HOLDERS: Readonly<Record<string, Principal>> = {
  alice: holder("alice"),
  bob: holder("bob"),
  reader: holder("reader", { scopes: ["read"] }),
  limited: holder("limited", { projects: ["acme-*"] }),
  elsewhere: holder("elsewhere", { index: "other" }),
  everywhere: holder("everywhere", { index: "*" }),
  admin: ADMIN,
};

const admit: Authenticate = async ({ authorization }, wish) => {
  const principal = HOLDERS[credentialIn(authorization).credential ?? ""];
  if (!principal) throw new IndexError("not-authenticated", "A token is needed here.");
  requirePermission(principal, wish);
  return principal;
};

const INDEXES = [
  { name: "default", hosted: false, volatile: false },
  { name: "team", hosted: true, volatile: false },
  { name: "scratch", hosted: true, volatile: true },
];

/** What the isolate has of the stores. */
type Stores = Pick<Platform, "objects" | "database">;

/** A file that is sent in parts. */
export interface LargeFile {
  readonly index: string;
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** Of the parts that it is sent in. */
  readonly partSize: number;
}

/** An isolate that takes uploads in parts, over real local storage; publishing itself is a fake. */
export class PartsRig {
  readonly counts: Counts = {};
  /** The operations that fail next, and how many calls ahead. */
  readonly broken = new Map<string, number>();
  now = Date.parse("2026-11-22T12:00:00Z");
  /** What happens when publishing begins. */
  beforePublish: () => unknown = () => undefined;
  readonly #app;

  constructor(stores?: Stores, partSize = SMALL) {
    const { objects, database } = stores ?? {
      objects: this.#counted(),
      database: counting(env.DB, "d1", this.counts, this.broken),
    };
    const uploads = createUploadsInParts({
      sessions: uploadSessionsIn(database),
      store: partStoreIn(objects, pipe),
      publish: async (submission, ctx) => {
        await this.beforePublish();
        return publishIn({ objects, database })(submission, ctx);
      },
      requireAdmitted: () => Promise.resolve(),
      indexes: INDEXES,
      partSize,
      maxSize: MAX_SIZE,
      freshId,
    });
    const counters = {
      add: () => undefined,
      remember: () => undefined,
      lastEvents: () => Promise.resolve([]),
      flush: () => undefined,
      totals: () => Promise.resolve([]),
    };
    this.#app = new Hono<AppEnv>();
    this.#app.use(
      withContext({
        now: () => this.now,
        counters,
        log: logAs("text"),
        facts: cloudflare(env),
        bodyOf: cloudflare(env).bodyOf,
        allowanceFor: function allowance() {
          return {
            admit: () => Promise.resolve(),
            stored: () => undefined,
            storing: () => () => undefined,
            another: allowance,
          };
        },
        senderOf: claimantOf,
        indexNames: [],
      }),
    );
    this.#app.route("/-/api/uploads", uploadsInPartsRoutes(createAuthorize(admit), AT_ONCE, uploads));
    this.#app.onError((error, c) => problem(error, c));
  }

  /** R2, and what it returns of an upload: `uploadPart` and `complete` are counted as well. */
  #counted(): R2Bucket {
    const files = whole(env.FILES);
    const bucket = counting(files, "r2", this.counts, this.broken);
    return new Proxy(bucket, {
      get: (target, property) =>
        property === "resumeMultipartUpload"
          ? (...args: [string, string]) =>
              counting(files.resumeMultipartUpload(...args), "r2", this.counts, this.broken)
          : (Reflect.get(target, property) as unknown),
    });
  }

  /** One request, its answer read and all deferred work done. */
  async send(method: string, path = "", body?: BodyInit, headers: Record<string, string> = {}) {
    const context = createExecutionContext();
    const request = new Request(`https://edge.test/-/api/uploads${path}`, {
      method,
      headers: { Authorization: "Bearer alice", ...headers },
      ...(body !== undefined && { body }),
    });
    const response = await this.#app.fetch(request, { work: context });
    const text = await response.text();
    await waitOnExecutionContext(context);
    return { status: response.status, headers: response.headers, text };
  }

  /** Announces a file, with what is said of it changed by `more`. */
  begin({ index, filename, bytes, sha256: digest }: LargeFile, more: object = {}, token = "alice") {
    const body = JSON.stringify({ index, filename, size: bytes.byteLength, sha256: digest, ...more });
    return this.send("POST", "", body, as(token));
  }

  /** Sends a part as it should be. */
  put(id: string, number: number, { bytes, partSize }: Pick<LargeFile, "bytes" | "partSize">, token = "alice") {
    const part = bytes.slice((number - 1) * partSize, number * partSize);
    return this.send("PUT", `/${id}/${number}`, part, { ...as(token), "Content-Length": String(part.byteLength) });
  }

  finish(id: string, token = "alice") {
    return this.send("POST", `/${id}/finish`, undefined, as(token));
  }

  /** Begins, or goes on, and sends all that has not arrived. Throws where a request is refused. */
  async deliver(file: LargeFile): Promise<string | undefined> {
    const { status: first, text: said } = await this.begin(file);
    if (first >= 300) throw new Error(said);
    const answer = JSON.parse(said) as UploadState | UploadOutcome;
    if ("identical" in answer) return undefined;
    for (let number = 1; number <= Math.ceil(file.bytes.byteLength / file.partSize); number++) {
      if (answer.parts.includes(number)) continue;
      const { status, text } = await this.put(answer.id, number, file);
      if (status !== 200) throw new Error(text);
    }
    return answer.id;
  }

  /** The same, and finishes it; answers with what became of it. */
  async upload(file: LargeFile): Promise<UploadOutcome> {
    const id = await this.deliver(file);
    const { status, text } = id === undefined ? await this.begin(file) : await this.finish(id);
    if (status !== 200) throw new Error(text);
    return JSON.parse(text) as UploadOutcome;
  }
}

/** What is written here is seen at once. */
const AT_ONCE = createSettling(
  { reuse: 0, skew: 0 },
  () => Promise.resolve(),
  () => false,
);

export const as = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A file of so many bytes. */
export async function fileOf(size: number, partSize: number, filename = "demo-1.0.tar.gz"): Promise<LargeFile> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 100) bytes[at] = 1 + Math.floor(at / partSize);
  return { index: "team", filename, bytes, sha256: await sha256(bytes), partSize };
}

/** Publishing as its contract has it, without a look into the file. */
const publishIn =
  ({ objects, database }: Stores): Publish =>
  async ({ index, author, filename, staged, claimed }, { now }) => {
    const name = filename as Filename;
    const [project = "" as ProjectName] = projectCandidates(name);
    const distribution = { filename: name, project, version: "1.0", identity: filename, metadata: new Uint8Array() };
    if (claimed.digests.sha256 !== staged.digests.sha256)
      throw new IndexError("bad-request", "Not what was announced.");
    if (filename.includes("unsound")) throw new IndexError("bad-request", `${filename} is no sound file.`);
    requirePermission(author.principal, { scope: "upload", index: index.name, project });
    try {
      const before = await database
        .prepare("SELECT sha256 FROM hosted_file WHERE index_name = ?1 AND identity = ?2")
        .bind(index.name, filename)
        .first<{ sha256: string }>();
      if (before?.sha256 === staged.digests.sha256) return { kind: "identical", distribution };
      const object = `hosted/${staged.digests.sha256}/${freshId()}`;
      await objects.put(object, await staged.stream(), { sha256: staged.digests.sha256 });
      const { meta } = await database
        .prepare(
          `INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, uploaded_at)
         VALUES (?1, ?2, ?3, ?3, '1.0', ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING`,
        )
        .bind(index.name, project, filename, staged.digests.sha256, staged.size, object, now)
        .run();
      return { kind: meta.changes > 0 ? "published" : "identical", distribution };
    } catch (error) {
      throw storageFailed(error);
    }
  };

/** The files that are published: by name, whether their bytes are whole. */
export async function published(): Promise<Record<string, boolean>> {
  const { results } = await env.DB.prepare("SELECT filename, sha256, object FROM hosted_file").all<{
    filename: string;
    sha256: string;
    object: string;
  }>();
  const files = await Promise.all(
    results.map(async ({ filename, sha256: digest, object }) => {
      const bytes = await (await env.FILES.get(object))?.bytes();
      return [filename, bytes !== undefined && (await sha256(bytes)) === digest] as const;
    }),
  );
  return Object.fromEntries(files);
}

/** What is left of uploads that have ended: rows, and bytes. */
export async function leftovers() {
  const rows = await env.DB.batch([
    env.DB.prepare("SELECT id FROM upload"),
    env.DB.prepare("SELECT number FROM upload_part"),
  ]);
  const { objects } = await env.FILES.list({ prefix: "staging/" });
  return [...rows.flatMap(({ results }) => results), ...objects.map(({ key }) => key)];
}

/** Of the same name and size. */
export const different = (file: LargeFile) => ({ ...file, bytes: file.bytes.map((byte) => byte ^ 1) });

/** What an answer says of how far an upload is. */
export const stateIn = (answer: { readonly text: string }) => JSON.parse(answer.text) as UploadState;

/** An upload that has begun, with these parts. */
export async function begun(file: LargeFile, parts: readonly number[] = []): Promise<{ rig: PartsRig; id: string }> {
  const rig = new PartsRig(undefined, file.partSize);
  const { id } = stateIn(await rig.begin(file));
  for (const number of parts) {
    const { status, text } = await rig.put(id, number, file);
    if (status !== 200) throw new Error(text);
  }
  return { rig, id };
}

/** The numbers of the parts that have arrived. */
export const arrived = async (rig: PartsRig, id: string) => stateIn(await rig.send("GET", `/${id}`)).parts;
