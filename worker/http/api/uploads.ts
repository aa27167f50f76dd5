import { Hono, type Context as HonoContext } from "hono";
import {
  uploadAnnouncement,
  type UploadAnnouncement,
  type UploadOutcome,
  type UploadState,
} from "../../../schema/upload.ts";
import type { Author } from "../../auth/deed.ts";
import { SOME_PROJECT } from "../../auth/principal.ts";
import { badRequest, IndexError, methodNotAllowed } from "../../errors.ts";
import { sizeOf, type Ended, type UploadsInParts } from "../../publishing/in-parts.ts";
import type { UploadSession } from "../../publishing/sessions.ts";
import type { Gate } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { readWhole } from "./body.ts";
import { drained, exactly } from "./part-body.ts";

/** What announces a file is much smaller. Bytes. */
const MAX_ANNOUNCEMENT = 1024 ** 2;

/** Uploads in parts, to be mounted at `/-/api/uploads`. */
export function uploadRoutes(gate: Gate, uploads: UploadsInParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  /** Whoever may upload to the index that an id begins with, and their session. */
  async function entered(c: HonoContext<AppEnv>): Promise<{ author: Author; session: UploadSession }> {
    const id = c.req.param("id") ?? "";
    const [index = ""] = id.split(".");
    const author = await gate(c, { scope: "upload", index, project: SOME_PROJECT });
    return { author, session: await uploads.find(id, author.principal) };
  }

  const offer = (path: string, methods: Readonly<Record<string, (c: HonoContext<AppEnv>) => Promise<Response>>>) => {
    for (const [method, answer] of Object.entries(methods)) routes.on(method, path, answer);
    routes.all(path, async (c) => {
      await known(gate, c);
      throw methodNotAllowed(c.req.method, Object.keys(methods));
    });
  };

  offer("/", {
    async POST(c) {
      const { announcement, author } = await announced(gate, c);
      const begun = await uploads.begin(announcement, author, c.var.ctx);
      if (begun.kind === "identical") return c.json(outcome(begun), 200, LIFETIMES.live);
      return c.json(state(begun.session), begun.kind === "begun" ? 201 : 200, LIFETIMES.live);
    },
  });

  offer("/:id", {
    GET: async (c) => c.json(state((await entered(c)).session), 200, LIFETIMES.live),
    async DELETE(c) {
      await uploads.giveUp((await entered(c)).session);
      return c.body(null, 204, LIFETIMES.live);
    },
  });

  offer("/:id/finish", {
    async POST(c) {
      const { author, session } = await entered(c);
      return c.json(outcome(await uploads.finish(session, author, c.var.ctx)), 200, LIFETIMES.live);
    },
  });

  offer("/:id/:number", {
    async PUT(c) {
      const { session } = await entered(c);
      const { body, headers } = c.req.raw;
      const number = numberOf(c.req.param("number"));
      try {
        const size = expected(session, number, headers.get("Content-Length"));
        await uploads.put(session, number, exactly(body, size));
      } catch (error) {
        await drained(body);
        throw error;
      }
      return c.json(state(session, number), 200, LIFETIMES.live);
    },
  });

  return routes;
}

/**
 * What a request announces, and whose it is. What is wrong with it is said to those alone who have shown who they are.
 *
 * @throws IndexError `not-authenticated`, `not-allowed`, `bad-request`, `too-large`
 */
async function announced(
  gate: Gate,
  c: HonoContext<AppEnv>,
): Promise<{ announcement: UploadAnnouncement; author: Author }> {
  if (c.req.header("Authorization") === undefined) await known(gate, c);
  const text = new TextDecoder().decode(await readWhole(c.req.raw, MAX_ANNOUNCEMENT, "What announces the upload"));
  const parsed = uploadAnnouncement.safeParse(parsedJson(text), { reportInput: true });
  if (parsed.success) {
    const { index } = parsed.data;
    return { announcement: parsed.data, author: await gate(c, { scope: "upload", index, project: SOME_PROJECT }) };
  }
  await known(gate, c);
  const [issue] = parsed.error.issues;
  const member = issue?.path.join(".") || "it";
  throw badRequest(
    `What announces the upload cannot be read: ${issue?.input === undefined && member !== "it" ? `${member} is missing` : `${member} ${issue?.message}`}. It looks like {"index": "team", "filename": "demo-1.0.tar.gz", "size": 1024, "sha256": "…"}.`,
  );
}

/** Lets through whoever has a good token, whatever it is for. */
async function known(gate: Gate, c: HonoContext<AppEnv>): Promise<void> {
  try {
    await gate(c, { scope: "upload", index: "*", project: SOME_PROJECT });
  } catch (error) {
    if (!(error instanceof IndexError) || error.kind !== "not-allowed") throw error;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** NaN for what is no number. */
const numberOf = (text: string | undefined) => (/^[1-9]\d{0,5}$/.test(text ?? "") ? Number(text) : Number.NaN);

/** Bytes of a part. Throws `bad-request` where there is no such part, or where another length is announced. */
function expected(session: UploadSession, number: number, length: string | null): number {
  const { filename, size, partSize } = session;
  const bytes = sizeOf(session, number);
  if (bytes === undefined) {
    throw badRequest(
      `${filename} has the parts 1 to ${Math.ceil(size / partSize)}, of ${partSize} bytes each but the last.`,
    );
  }
  if (length === null)
    throw badRequest(`A part is sent with its length (Content-Length); ${bytes} bytes are expected.`);
  if (Number(length) === bytes) return bytes;
  throw badRequest(`Part ${number} of ${filename} has ${bytes} bytes, and ${length.slice(0, 20)} were announced.`);
}

const state = ({ id, partSize, parts }: UploadSession, arrived?: number): UploadState => ({
  id,
  partSize,
  parts: [...new Set([...parts.keys(), ...(arrived === undefined ? [] : [arrived])])].toSorted((a, b) => a - b),
});

const outcome = ({ kind, filename, index }: Ended): UploadOutcome => ({
  identical: kind === "identical",
  did:
    kind === "published"
      ? `Published ${filename} in ${index}.`
      : `${filename} is in ${index} already, with these very bytes; nothing has changed.`,
});
