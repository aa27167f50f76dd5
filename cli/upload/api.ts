import type * as z from "zod/mini";
import {
  uploadBegun,
  uploadOutcome,
  type UploadAnnouncement,
  type UploadOutcome,
  type UploadState,
} from "../../schema/upload.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { causeOf, refusalOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedJson } from "../lib/json.ts";

/** It may go well when it is tried again: the line broke, or the server could not. Says what happened. */
export class Broken extends Error {}

/** The server will not have this file. Says why, in its words. */
export class Refused extends Error {}

/** The token is not for it. */
class Forbidden extends Refused {}

/**
 * Uploads in parts, as the API has them.
 *
 * What each throws: `Broken`, `Refused`, and a `CommandError` where no file will go any better.
 */
export interface UploadApi {
  begin(announcement: UploadAnnouncement): Promise<UploadState | UploadOutcome>;
  /** @param body of this size, in bytes */
  put(id: string, number: number, body: ReadableStream<Uint8Array>, size: number): Promise<void>;
  finish(id: string): Promise<UploadOutcome>;
}

/** What a request has beside its method and its address. */
interface Sent extends RequestInit {
  readonly headers?: Record<string, string>;
  /** A body that is read while it is sent must say so. */
  readonly duplex?: "half";
}

/** The API of a server. */
export function uploadApi({ url, token }: ServerAccess): UploadApi {
  async function call(method: string, path: string, { headers: more, ...rest }: Sent = {}): Promise<string> {
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/plain", ...more };
    let answer: Response;
    let said: string;
    try {
      answer = await fetch(new URL(`-/api/uploads${path}`, url), { method, redirect: "manual", ...rest, headers });
      said = await answer.text();
    } catch (error) {
      throw new Broken(`${url.href} does not answer (${causeOf(error)})`);
    }
    if (answer.ok) return said;
    const isPlain = answer.headers.get("Content-Type")?.startsWith("text/plain") && said.trim() !== "";
    const refused = refusalOf(url, answer, said.trim());
    const { message: sentence } = refused;
    // There is no such index, or it takes no uploads.
    if (answer.status === 404 && isPlain && path === "") throw refused;
    // An upload that is not there any more begins anew.
    if (answer.status >= 500 || (answer.status === 404 && isPlain)) throw new Broken(sentence);
    if (answer.status === 401 || answer.status === 405 || !isPlain) throw refused;
    throw answer.status === 403 ? new Forbidden(sentence) : new Refused(sentence);
  }

  function read<Value>(schema: z.ZodMiniType<Value>, said: string): Value {
    const parsed = schema.safeParse(parsedJson(said));
    if (parsed.success) return parsed.data;
    throw new CommandError(`${url.href} sent what is no answer to an upload; is it a current pypi-edge?`);
  }

  /** Throws a `CommandError` where the token uploads nothing to the index, whatever the project. */
  async function demandIndex(index: string): Promise<void> {
    try {
      // No upload has this id: whoever may upload there is told that it is not found.
      await call("GET", `/${encodeURIComponent(index)}.`);
    } catch (error) {
      if (error instanceof Forbidden) throw new CommandError(error.message, "refused");
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
    finish: async (id) => read(uploadOutcome, await call("POST", `/${id}/finish`)),
  };
}
