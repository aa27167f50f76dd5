import { escapedLines } from "../../worker/pypi/shown.ts";
import type * as z from "zod/mini";
import {
  uploadBegun,
  uploadOutcome,
  type UploadAnnouncement,
  type UploadOutcome,
  type UploadState,
} from "../../schema/upload.ts";
import type { Server } from "../admin/options.ts";
import { reasonOf } from "../admin/post.ts";
import { Sentence } from "../sentence.ts";

/** More of an answer that refuses is not shown. Characters. */
const SHOWN = 600;

/** It may go well when it is tried again: the line broke, or the server could not. Says what happened. */
export class Broken extends Error {}

/** The server will not have this file. Says why, in its words. */
export class Refused extends Error {}

/** The token is not for it. */
class Forbidden extends Refused {}

/**
 * Uploads in parts, as the API has them.
 *
 * What each throws: `Broken`, `Refused`, and a `Sentence` where no file will go any better.
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
export function uploadApi({ url, token }: Server): UploadApi {
  async function call(method: string, path: string, { headers: more, ...rest }: Sent = {}): Promise<string> {
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/plain", ...more };
    let answer: Response;
    let said: string;
    try {
      answer = await fetch(new URL(`-/api/uploads${path}`, url), { method, redirect: "manual", ...rest, headers });
      said = await answer.text();
    } catch (error) {
      throw new Broken(`${url.href} does not answer (${reasonOf(error)})`);
    }
    if (answer.ok) return said;
    const isPlain = answer.headers.get("Content-Type")?.startsWith("text/plain") && said.trim() !== "";
    const sentence = isPlain
      ? escapedLines(said.trim()).slice(0, SHOWN)
      : `${url.href} answered ${answer.status}; is it a pypi-edge, and a current one?`;
    // There is no such index, or it takes no uploads.
    if (answer.status === 404 && isPlain && path === "") throw new Sentence(sentence);
    // An upload that is not there any more begins anew.
    if (answer.status >= 500 || (answer.status === 404 && isPlain)) throw new Broken(sentence);
    if (answer.status === 401 || !isPlain) throw new Sentence(sentence);
    if (answer.status === 405) throw new Sentence(`${url.href} takes no uploads: name pypi-edge's root with --url.`);
    throw answer.status === 403 ? new Forbidden(sentence) : new Refused(sentence);
  }

  function read<Value>(schema: z.ZodMiniType<Value>, said: string): Value {
    const parsed = schema.safeParse(parsedJson(said));
    if (parsed.success) return parsed.data;
    throw new Sentence(`${url.href} sent what is no answer to an upload; is it a current pypi-edge?`);
  }

  /** Throws a `Sentence` where the token uploads nothing to the index, whatever the project. */
  async function demandIndex(index: string): Promise<void> {
    try {
      // No upload has this id: whoever may upload there is told that it is not found.
      await call("GET", `/${encodeURIComponent(index)}.`);
    } catch (error) {
      if (error instanceof Forbidden) throw new Sentence(error.message);
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

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
