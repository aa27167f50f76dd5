import { messageOf, upstreamFailed } from "../errors.ts";
import { documentPath } from "../pypi/document.ts";
import type { NamesAnswer, Upstream } from "../repository/ports.ts";
import { cut, type Part } from "../repository/range.ts";
import type { Answer, UpstreamClient } from "./client.ts";
import { documentFrom } from "./documents.ts";
import { parseHtml } from "./parse-html.ts";
import { parseJson } from "./parse-json.ts";
import { entriesInHtml, entriesInJson, type RootEntries } from "./parse-root.ts";
import { conditions, validatorsOf } from "./validators.ts";

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/** JSON first; an index of any age answers one of the others. */
const PAGE_HEADERS = {
  Accept: `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`,
  "Accept-Encoding": "gzip",
};

/** An upstream index over HTTP. `index` is its Simple API root, ending in `/`. */
export function simpleAt(index: URL, client: UpstreamClient): Upstream {
  const mayFetch = (url: URL) => client.mayFetch(url);

  return {
    async page(name, known) {
      const answer = await client.open(new URL(`${name}/`, index), {
        headers: { ...PAGE_HEADERS, ...conditions(known) },
      });
      if (!answer) return { kind: "absent" };
      if (answer.response.status === 304) return { kind: "unchanged" };
      const text = await client.text(answer);
      try {
        const read = isJson(answer)
          ? parseJson(text, name, answer.url, mayFetch)
          : await parseHtml(text, name, answer.url, mayFetch);
        const page = { ...read, lastSerial: read.lastSerial ?? serialOf(answer) };
        return { kind: "page", page, validators: validatorsOf(answer) };
      } catch (error) {
        throw upstreamFailed(answer.url.host, messageOf(error), error);
      }
    },

    file: fileFrom(client),

    jsonUrl: (ref) => new URL(`../${documentPath(ref)}`, index),
    document: documentFrom(client),

    async names(known) {
      const answer = await client.open(index, { headers: { ...PAGE_HEADERS, ...conditions(known) } });
      if (!answer) throw upstreamFailed(index.host, "it has no root listing");
      return answer.response.status === 304 ? { kind: "unchanged" } : namesOf(answer);
    },
  };
}

/** Files, which are fetched the same way whatever said where they are. */
export function fileFrom(client: UpstreamClient): Upstream["file"] {
  return async (url, { headOnly, part }) => {
    // Compressed on the way, a file would have another length than its own.
    const headers: Record<string, string> = { "Accept-Encoding": "identity" };
    if (part) headers["Range"] = `bytes=${part.offset}-${part.offset + part.length - 1}`;
    const answer = await client.open(url, { method: headOnly ? "HEAD" : "GET", headers });
    if (!answer) return null;
    const { response } = answer;
    const date = Date.parse(response.headers.get("Last-Modified") ?? "");
    const modifiedAt = Number.isNaN(date) ? undefined : date;
    if (part) {
      return { body: await bodyOf(part, answer), size: sizeIn(response), modifiedAt, sliced: response.status === 200 };
    }
    const encoded = (response.headers.get("Content-Encoding") ?? "identity") !== "identity";
    const length = encoded ? null : response.headers.get("Content-Length");
    return { body: headOnly ? null : response.body, size: length === null ? undefined : Number(length), modifiedAt };
  };
}

/** What a 206 says the whole file's size is. */
function sizeIn(response: Response): number | undefined {
  const size = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  return size === undefined ? undefined : Number(size);
}

/**
 * The part that was asked for: a 206 of exactly that, or cut out of a 200 by an upstream that knows no ranges. What a 206
 * says of its length is held against its bytes.
 */
async function bodyOf(part: Part, { url, response }: Answer): Promise<ReadableStream<Uint8Array>> {
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) throw upstreamFailed(url.host, "its answer to a range is empty");
  const exact = new FixedLengthStream(part.length);
  if (response.status === 200) return cut(body, part).pipeThrough(exact);
  const range = response.headers.get("Content-Range") ?? "";
  if (range.startsWith(`bytes ${part.offset}-${part.offset + part.length - 1}/`)) return body.pipeThrough(exact);
  await body.cancel();
  throw upstreamFailed(url.host, `it answered with another range (${range}) than it was asked for`);
}

async function namesOf(answer: Answer): Promise<NamesAnswer> {
  const { url, response } = answer;
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) throw upstreamFailed(url.host, "its root listing is empty");
  let own: number | undefined;
  const tell = (serial: number) => void (own ??= serial);
  const entries = failing(url.host, isJson(answer) ? entriesInJson(body, tell) : entriesInHtml(body));
  // The serial may stand in the listing alone, and is in the first line of ours.
  const first = await entries.next();
  return {
    kind: "names",
    entries: resumed(first, entries),
    serial: serialOf(answer) ?? own,
    validators: validatorsOf(answer),
  };
}

/** A listing from its beginning, given that its first batch has been taken. */
async function* resumed(first: Awaited<ReturnType<RootEntries["next"]>>, rest: RootEntries): RootEntries {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** The serial in an answer's header: PyPI's HTML has it nowhere else. */
function serialOf({ response }: Answer): number | undefined {
  const serial = Number(response.headers.get("X-PyPI-Last-Serial") ?? Number.NaN);
  return Number.isSafeInteger(serial) ? serial : undefined;
}

/** What goes wrong while a listing arrives is the upstream's failure, as it would be before. */
async function* failing(host: string, entries: RootEntries): RootEntries {
  try {
    yield* entries;
  } catch (error) {
    throw upstreamFailed(host, messageOf(error), error);
  }
}

const isJson = ({ response }: Answer) => /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
