import { printable } from "../pypi/text.ts";
import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { magicOf } from "../pypi/magic.ts";
import type { FileAnswer, FileWanted, Upstream } from "../repository/ports/upstream.ts";
import { cut, type Part } from "../repository/range.ts";
import type { UpstreamAnswer, UpstreamClient } from "./client.ts";
import { codingsOf, decoded } from "./encoding.ts";
import { validatorsOf } from "./validators.ts";

/** What servers answer to HEAD that give the same file to GET: addresses may be signed for one method alone. */
const NO_HEAD: ReadonlySet<number | undefined> = new Set([400, 403, 405, 501]);

/** Encoded on the way, a file would have another length than its own. */
const HEADERS = { "Accept-Encoding": "identity" };

/** Files, which are fetched the same way whatever said where they are. */
export function fileFrom(client: UpstreamClient): Upstream["file"] {
  const open = (url: URL, method: "GET" | "HEAD", headers: Record<string, string> = {}) =>
    client.open(url, { method, headers: { ...HEADERS, ...headers }, undecoded: true });

  async function whole(url: URL, wanted: FileWanted): Promise<FileAnswer | null> {
    const answer = await open(url, "GET");
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
    // What its length is of, its bytes alone tell.
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
      // A part of what was encoded is no part of the file, and nothing in it shows which it is.
      await answer.response.body?.cancel();
      const file = await whole(url, wanted);
      return file && sliced(file, part);
    }
    refuseHtml(answer, wanted);
    return { body: await exactly(part, answer), size: sizeIn(answer.response), ...datesOf(answer), sliced: false };
  }

  return (url, wanted) => {
    if (wanted.part) return partOf(url, wanted.part, wanted);
    return wanted.headOnly ? facts(url, wanted) : whole(url, wanted);
  };
}

/** The file in a 200. Throws `upstream-failed` where what is in it is not what the file's name says. */
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

/** A page with status 200 in a file's place: a log-in, or an apology. */
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

/** Cut out of the whole, which an upstream sends that knows no ranges, or none of what it has encoded. */
function sliced({ body, ...answer }: FileAnswer, part: Part): FileAnswer {
  const exact = new FixedLengthStream(part.length);
  return { ...answer, body: body && cut(body, part).pipeThrough(exact), sliced: true };
}

/** A 206 of exactly the part that was asked for. What it says of its length is held against its bytes. */
async function exactly(part: Part, { url, response }: UpstreamAnswer): Promise<ReadableStream<Uint8Array>> {
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) throw upstreamFailed(url.host, "its answer to a range is empty");
  const range = response.headers.get("Content-Range") ?? "";
  if (range.startsWith(`bytes ${part.offset}-${part.offset + part.length - 1}/`)) {
    return body.pipeThrough(new FixedLengthStream(part.length));
  }
  await body.cancel();
  throw upstreamFailed(
    url.host,
    `it answered with another range (${printable(range.slice(0, 80))}) than it was asked for`,
  );
}

/** What a 206 says the whole file's size is. */
function sizeIn(response: Response): number | undefined {
  const size = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  return size === undefined ? undefined : Number(size);
}

/** Bytes, where the upstream says it. */
function lengthOf({ response }: UpstreamAnswer): number | undefined {
  const length = response.headers.get("Content-Length");
  return length === null ? undefined : Number(length);
}

function datesOf(answer: UpstreamAnswer): Pick<FileAnswer, "modifiedAt" | "validator"> {
  const { etag, lastModified } = validatorsOf(answer);
  const date = Date.parse(lastModified ?? "");
  return { modifiedAt: Number.isNaN(date) ? undefined : date, validator: etag ?? lastModified };
}
