import { badRequest, IndexError } from "../../errors.ts";

/**
 * Reads a request's body.
 *
 * @param limit in bytes; reading stops where the body is longer, or says so in its Content-Length
 * @param what names the body in messages
 * @throws `too-large`, `bad-request` where it breaks off, and `unprocessable` where it is empty
 */
export async function readRequestBody(request: Request, limit: number, what: string): Promise<Uint8Array> {
  const bytes = await readOptionalBody(request, limit, what);
  if (bytes.byteLength > 0) return bytes;
  throw new IndexError("unprocessable", `${what} is empty; send it as the body, as curl --data-binary @uv.lock does.`);
}

/** Like `readRequestBody`, but the body may be empty. */
export function readOptionalBody(request: Request, limit: number, what: string): Promise<Uint8Array> {
  const sentence = `${what} is larger than ${limit / 1024 ** 2} MiB, which is the most that is read here. Is it the right file?`;
  return readBodyUpTo(request, limit, what, new IndexError("too-large", sentence));
}

/**
 * Reads a request's body, which may be empty.
 *
 * @param limit in bytes
 * @param what names the body in messages
 * @throws `tooLarge`, and `bad-request` where it breaks off, or is a form: its text would be taken with what stands around it
 */
export async function readBodyUpTo(
  request: Request,
  limit: number,
  what: string,
  tooLarge: IndexError,
): Promise<Uint8Array> {
  if (request.headers.get("Content-Type")?.startsWith("multipart/")) {
    await request.body?.cancel();
    throw badRequest(`${what} was sent as a form, as curl -F does; send it as the body, with --data-binary.`);
  }
  if (Number(request.headers.get("Content-Length") ?? 0) > limit) {
    await request.body?.cancel();
    throw tooLarge;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    throw error === tooLarge ? error : badRequest(`${what} broke off before its end.`);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
