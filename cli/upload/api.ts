import type * as z from "zod/mini";
import {
  uploadBegun,
  uploadOutcome,
  type UploadAnnouncement,
  type UploadOutcome,
  type UploadState,
} from "../../schema/upload.ts";
import type { ForkBody } from "../../schema/fork.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { fetchOver } from "../lib/fetch-over.ts";
import { causeOf, refusalOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";

/** A failure that another try may mend: the connection broke, or the server failed. The message says what happened. */
export class RetryableFailure extends Error {}

/** The server refuses this file. The message is the server's reason. */
export class RefusedUpload extends Error {}

/** The token has no permission for this upload. */
class Forbidden extends RefusedUpload {}

/**
 * The API's calls for an upload in parts.
 *
 * Each throws `RetryableFailure`, `RefusedUpload`, or a `CommandError` where every other file would fail as well.
 */
export interface UploadApi {
  begin(announcement: UploadAnnouncement): Promise<UploadState | UploadOutcome>;
  /** @param body of this size, in bytes */
  put(id: string, number: number, body: ReadableStream<Uint8Array>, size: number): Promise<void>;
  /** @param origin `uploadedAt`: the file's upload time on its pages, which only an admin may say; undefined: now. ISO 8601 */
  finish(id: string, origin?: UploadOrigin): Promise<UploadOutcome>;
  /** Throws a `CommandError` where there is no such index, or the token may upload nothing to it. */
  demandIndex(index: string): Promise<void>;
  /** Throws a `CommandError` where the token may not say upload times in the index. */
  demandTimes(index: string): Promise<void>;
}

/** What is said of a file beside its bytes. */
export interface UploadOrigin {
  /** When it was uploaded to the index that it comes from. ISO 8601. */
  readonly uploadedAt?: string | undefined;
  readonly fork?: ForkBody | undefined;
  /** Attestation objects (PEP 740). */
  readonly attestations?: readonly unknown[] | undefined;
}

/** The headers and body of a request. */
interface Sent extends RequestInit {
  readonly headers?: Record<string, string>;
  /** `fetch` requires it for a body that is a stream. */
  readonly duplex?: "half";
}

/** An announcement of no file: 400 where the index exists and the token may upload to it. */
const NO_FILE = { filename: "-", size: 1, sha256: "0".repeat(64) };

const withOrigin = (origin: UploadOrigin): Sent => ({ body: JSON.stringify(origin) });

/** The API of a server. */
export function uploadApi({ url, token, socket }: ServerAccess): UploadApi {
  async function call(method: string, path: string, { headers: more, ...rest }: Sent = {}): Promise<string> {
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/plain", ...more };
    let answer: Response;
    let said: string;
    try {
      answer = await fetchOver(socket, new URL(`-/api/uploads${path}`, url), {
        method,
        redirect: "manual",
        ...rest,
        headers,
      });
      said = await answer.text();
    } catch (error) {
      throw new RetryableFailure(`${url.href} does not answer (${causeOf(error)})`);
    }
    if (answer.ok) return said;
    const isPlain = answer.headers.get("Content-Type")?.startsWith("text/plain") && said.trim() !== "";
    const refused = refusalOf(url, answer, said.trim());
    const { message: sentence } = refused;
    // There is no such index, or it takes no uploads.
    if (answer.status === 404 && isPlain && path === "") throw refused;
    // The server has deleted this upload: the next try begins a new one.
    if (answer.status >= 500 || (answer.status === 404 && isPlain)) throw new RetryableFailure(sentence);
    if (answer.status === 401 || answer.status === 405 || !isPlain) throw refused;
    throw answer.status === 403 ? new Forbidden(sentence) : new RefusedUpload(sentence);
  }

  function read<Value>(schema: z.ZodMiniType<Value>, said: string): Value {
    const parsed = schema.safeParse(parsedJson(said));
    if (parsed.success) return parsed.data;
    throw new CommandError(
      `${url.href} sent an answer that does not belong to an upload. Is that a current version of pypi-edge?`,
    );
  }

  async function demandIndex(index: string): Promise<void> {
    try {
      await call("POST", "", { body: JSON.stringify({ ...NO_FILE, index }) });
    } catch (error) {
      if (error instanceof RetryableFailure) throw new CommandError(`${error.message}.`, "unreachable");
      if (error instanceof Forbidden) throw new CommandError(error.message, "refused");
      if (error instanceof CommandError) throw error;
    }
  }

  return {
    async begin(announcement) {
      try {
        return read(uploadBegun, await call("POST", "", { body: JSON.stringify(announcement) }));
      } catch (error) {
        if (error instanceof Forbidden) await demandIndex(announcement.index);
        throw error;
      }
    },
    async put(id, number, body, size) {
      const headers = { "Content-Length": String(size) };
      await call("PUT", `/${id}/${number}`, { body, duplex: "half", headers });
    },
    finish: async (id, origin = {}) => read(uploadOutcome, await call("POST", `/${id}/finish`, withOrigin(origin))),
    demandIndex,
    async demandTimes(index) {
      try {
        // No upload has this id: 404 for a token that may say times, 403 for any other.
        await call(
          "POST",
          `/${encodeURIComponent(index)}./finish`,
          withOrigin({ uploadedAt: new Date(0).toISOString() }),
        );
      } catch (error) {
        if (error instanceof CommandError) throw error;
        if (error instanceof Forbidden)
          throw new CommandError(`${error.message} Without --keep-times the scope upload is enough.`, "refused");
      }
    },
  };
}
