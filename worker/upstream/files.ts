import type { FetchAnswer } from "../platform/platform.ts";
import { printable } from "../pypi/text.ts";
import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { magicOf } from "../pypi/magic.ts";
import type { FileAnswer, FileWanted, Upstream } from "../repository/ports/upstream.ts";
import { partOfStream, type Part } from "../repository/range.ts";
import type { UpstreamAnswer, UpstreamClient } from "./client.ts";
import { codingsOf, decoded } from "./encoding.ts";
import { validatorsOf } from "./validators.ts";

/** Statuses of a HEAD after which GET is tried: some servers know no HEAD, and a URL may be signed for GET alone. */
const NO_HEAD: ReadonlySet<number | undefined> = new Set([400, 403, 405, 501]);

/** With another encoding, `Content-Length` would not be the file's length. */
const HEADERS = { "Accept-Encoding": "identity" };

/** Fetches files, for every kind of upstream. A part's body may be cut off, or go on: its reader counts the bytes. */
export function fileFrom(client: UpstreamClient): Upstream["file"] {
  const open = (url: URL, method: "GET" | "HEAD", headers: Record<string, string> = {}, verified = false) =>
    client.open(url, { method, headers: { ...HEADERS, ...headers }, undecoded: true, verified });

  async function whole(url: URL, wanted: FileWanted): Promise<FileAnswer | null> {
    const answer = await open(url, "GET", {}, !wanted.unverified && !wanted.headOnly);
    return answer && fileIn(answer, wanted);
  }

  async function facts(url: URL, wanted: FileWanted): Promise<FileAnswer | null> {
    let answer: UpstreamAnswer | null;
    try {
      answer = await open(url, "HEAD");
    } catch (error) {
      if (!isUpstreamFailure(error) || !NO_HEAD.has(error.answered)) throw error;
      return withoutBody(await whole(url, wanted));
    }
    if (!answer) return null;
    // Only the bytes show whether the length is that of the file or of its encoded form.
    if (codingsOf(answer.response).length > 0) return withoutBody(await whole(url, wanted));
    refuseHtml(answer, wanted);
    return { body: null, size: lengthOf(answer), ...datesOf(answer) };
  }

  async function partOf(url: URL, part: Part, wanted: FileWanted): Promise<FileAnswer | null> {
    const range = `bytes=${part.offset}-${part.offset + part.length - 1}`;
    const answer = await open(url, "GET", { Range: range });
    if (!answer) return null;
    if (answer.response.status === 200) return sliced(await fileIn(answer, wanted), part);
    if (codingsOf(answer.response).length > 0) {
      // A range of an encoded body is not a range of the file, and its bytes do not show whether it was encoded.
      await answer.response.body?.cancel();
      const file = await whole(url, wanted);
      return file && sliced(file, part);
    }
    refuseHtml(answer, wanted);
    return {
      body: await bodyOf(part, answer),
      size: sizeIn(answer.response),
      ...datesOf(answer),
      sliced: false,
    };
  }

  return (url, wanted) => {
    if (wanted.part) return partOf(url, wanted.part, wanted);
    return wanted.headOnly ? facts(url, wanted) : whole(url, wanted);
  };
}

/** The file in a 200. Throws `upstream-failed` where its first bytes are not those of a file of that name. */
async function fileIn(answer: UpstreamAnswer, wanted: FileWanted): Promise<FileAnswer> {
  const { response, url } = answer;
  const { unverified = false } = wanted;
  const size = lengthOf(answer);
  refuseHtml(answer, wanted);
  const asItComes = codingsOf(response).length === 0 && !unverified;
  if (asItComes || !response.body || size === 0) return { body: response.body, size, ...datesOf(answer) };
  try {
    const { body, raw } = await decoded(response, wanted.ref && magicOf(wanted.ref), unverified);
    return { body, size: raw ? size : undefined, ...datesOf(answer) };
  } catch (error) {
    throw upstreamFailed(url.host, messageOf(error), error);
  }
}

/** Throws `upstream-failed` for a web page with status 200 in a file's place, such as a log-in or error page. */
function refuseHtml({ response, url }: UpstreamAnswer, { unverified, ref }: FileWanted): void {
  if (!unverified || !/^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(response.headers.get("Content-Type") ?? ""))
    return;
  void response.body?.cancel();
  throw upstreamFailed(url.host, `it answered with an HTML page instead of ${ref?.filename ?? "the file"}`);
}

async function withoutBody(answer: FileAnswer | null): Promise<FileAnswer | null> {
  await answer?.body?.cancel();
  return answer && { ...answer, body: null };
}

/** The part, cut from the whole file: some upstreams ignore `Range`, or do so for encoded files. */
function sliced({ body, ...answer }: FileAnswer, part: Part): FileAnswer {
  return { ...answer, body: body && partOfStream(body, part), sliced: true };
}

/** The body of a 206 that says to have exactly the requested range. */
async function bodyOf(part: Part, { url, response }: UpstreamAnswer): Promise<ReadableStream<Uint8Array>> {
  const { body } = response;
  if (!body) throw upstreamFailed(url.host, "its answer to a range is empty");
  const range = response.headers.get("Content-Range") ?? "";
  if (range.startsWith(`bytes ${part.offset}-${part.offset + part.length - 1}/`)) return body;
  await body.cancel();
  throw upstreamFailed(url.host, `it answered with a range that was not asked for (${printable(range.slice(0, 80))})`);
}

/** The whole file's size from a 206's `Content-Range`. Bytes. */
function sizeIn(response: FetchAnswer): number | undefined {
  const size = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  return size === undefined ? undefined : Number(size);
}

/** Bytes; undefined where the upstream does not say. */
function lengthOf({ response }: UpstreamAnswer): number | undefined {
  const length = response.headers.get("Content-Length");
  return length === null ? undefined : Number(length);
}

function datesOf(answer: UpstreamAnswer): Pick<FileAnswer, "modifiedAt" | "validator"> {
  const { etag, lastModified } = validatorsOf(answer);
  const date = Date.parse(lastModified ?? "");
  return { modifiedAt: Number.isNaN(date) ? undefined : date, validator: etag ?? lastModified };
}
