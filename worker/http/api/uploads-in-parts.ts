import { Hono, type Context as HonoContext } from "hono";
import {
  uploadAnnouncement,
  uploadEnd,
  type UploadAnnouncement,
  type UploadOutcome,
  type UploadState,
} from "../../../schema/upload.ts";
import type { Author } from "../../auth/audit-entry.ts";
import { SOME_PROJECT } from "../../auth/principal.ts";
import { badRequest, IndexError, methodNotAllowed } from "../../errors.ts";
import { partSizeOf, type UploadResult, type UploadsInParts } from "../../publishing/uploads-in-parts.ts";
import type { UploadSession } from "../../publishing/upload-sessions.ts";
import type { Authorize } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import { LIFETIMES } from "../headers.ts";
import type { Settling } from "../settle.ts";
import { forkOf } from "./forks.ts";
import { readOptionalBody } from "./request-body.ts";
import { checkMembers, readRequestJson } from "./request-json.ts";
import { uploadText } from "../upload-text.ts";
import { drainBody, bodyOfSize } from "./part-body.ts";

/** The largest request that may begin an upload in parts. Real ones are much smaller. Bytes. */
const MAX_ANNOUNCEMENT_BYTES = 1024 ** 2;

/** Uploads in parts, to be mounted at `/-/api/uploads`. */
export function uploadsInPartsRoutes(
  authorize: Authorize,
  { settle, purge }: Settling,
  uploads: UploadsInParts,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  /** The sender, who has a scope of the index in the id. */
  function authorOf(c: HonoContext<AppEnv>, scope: "upload" | "admin"): Promise<Author> {
    const [index = ""] = (c.req.param("id") ?? "").split(".");
    return authorize(c, { scope, index, project: SOME_PROJECT });
  }

  /** The upload that is asked for. */
  const findUpload = async (c: HonoContext<AppEnv>, { principal }: Author) =>
    uploads.find(c.req.param("id") ?? "", principal);

  /** @param isMeant whether a request is for this offer, where two share a path; the next offer has it otherwise */
  const offer = (
    path: string,
    methods: Readonly<Record<string, (c: HonoContext<AppEnv>) => Promise<Response>>>,
    isMeant: (c: HonoContext<AppEnv>) => boolean = () => true,
  ) => {
    for (const [method, answer] of Object.entries(methods)) {
      routes.on(method, path, (c, next) => (isMeant(c) ? answer(c) : next()));
    }
    routes.all(path, async (c, next) => {
      if (!isMeant(c)) return next();
      await requireAnyToken(authorize, c);
      throw methodNotAllowed(c.req.method, Object.keys(methods));
    });
  };

  offer("/", {
    async POST(c) {
      const { announcement, author } = await readAnnouncement(authorize, c);
      const begun = await uploads.begin(announcement, author, c.get("ctx"));
      if (begun.kind === "identical") return c.json(outcome(await settle(async () => begun)), 200, LIFETIMES.live);
      return c.json(state(begun.session), begun.kind === "begun" ? 201 : 200, LIFETIMES.live);
    },
  });

  offer("/:id", {
    GET: async (c) => c.json(state(await findUpload(c, await authorOf(c, "upload"))), 200, LIFETIMES.live),
    async DELETE(c) {
      await uploads.abort(await findUpload(c, await authorOf(c, "upload")));
      return c.body(null, 204, LIFETIMES.live);
    },
  });

  // `/:id/finish`. It and the parts are one route: see createApp.
  offer(
    "/:id/:number",
    {
      async POST(c) {
        const author = await authorOf(c, "upload");
        const { uploadedAt, fork, attestations } = await readRequestJson(c.req.raw, uploadEnd);
        // With this right a new file can be passed off as one of years ago.
        if (uploadedAt !== undefined) await authorOf(c, "admin");
        const session = await findUpload(c, author);
        const ended = await settle(() =>
          uploads.finish(session, author, c.get("ctx"), {
            uploadedAt,
            fork: fork && forkOf(fork),
            attestations: attestations && JSON.stringify(attestations),
          }),
        );
        const remains = ended.firstOf && (await purge(c, ended.index, ended.firstOf));
        return c.json(outcome(ended, remains), 200, LIFETIMES.live);
      },
    },
    (c) => c.req.param("number") === "finish",
  );

  offer("/:id/:number", {
    async PUT(c) {
      const session = await findUpload(c, await authorOf(c, "upload"));
      const { body, headers } = c.req.raw;
      const number = numberOf(c.req.param("number"));
      try {
        const size = expectedSize(session, number, headers.get("Content-Length"));
        await uploads.put(session, number, bodyOfSize(body, size));
      } catch (error) {
        await drainBody(body);
        throw error;
      }
      return c.json(state(session, number), 200, LIFETIMES.live);
    },
  });

  return routes;
}

/**
 * Reads an announcement and checks the permission. Only authenticated senders learn what is wrong with it.
 *
 * @throws IndexError `not-authenticated`, `not-allowed`, `bad-request`, `too-large`
 */
async function readAnnouncement(
  authorize: Authorize,
  c: HonoContext<AppEnv>,
): Promise<{ announcement: UploadAnnouncement; author: Author }> {
  if (c.req.header("Authorization") === undefined) await requireAnyToken(authorize, c);
  const text = new TextDecoder().decode(
    await readOptionalBody(c.req.raw, MAX_ANNOUNCEMENT_BYTES, "The announcement of the upload"),
  );
  const read = checkMembers(parsedJson(text), uploadAnnouncement);
  if (read.wrong === undefined) {
    const { index } = read.data;
    return { announcement: read.data, author: await authorize(c, { scope: "upload", index, project: SOME_PROJECT }) };
  }
  await requireAnyToken(authorize, c);
  throw badRequest(
    `The request that begins the upload cannot be read: ${read.wrong}. It looks like {"index": "team", "filename": "demo-1.0.tar.gz", "size": 1024, "sha256": "…"}.`,
  );
}

/** Passes every sender with a valid token, whatever it allows. */
async function requireAnyToken(authorize: Authorize, c: HonoContext<AppEnv>): Promise<void> {
  try {
    await authorize(c, { scope: "upload", index: "*", project: SOME_PROJECT });
  } catch (error) {
    if (!(error instanceof IndexError) || error.kind !== "not-allowed") throw error;
  }
}

/** NaN where it is not a part number. */
const numberOf = (text: string | undefined) => (/^[1-9]\d{0,5}$/.test(text ?? "") ? Number(text) : Number.NaN);

/** The size of a part in bytes. Throws `bad-request` where there is no such part, or where the Content-Length differs. */
function expectedSize(session: UploadSession, number: number, length: string | null): number {
  const { filename, size, partSize } = session;
  const bytes = partSizeOf(session, number);
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

/** @param remains a sentence about copies of the project's files that were there before */
const outcome = (result: UploadResult, remains = ""): UploadOutcome => ({
  identical: result.kind === "identical",
  attested: result.kind === "attested" || undefined,
  did: `${uploadText(result)} ${remains}`.trimEnd(),
});
