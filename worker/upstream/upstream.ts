import { messageOf, upstreamFailed } from "../errors.ts";
import { documentPath } from "../pypi/document.ts";
import type { NamesAnswer, Upstream } from "../repository/ports/upstream.ts";
import { inUtf8, isJson } from "./charset.ts";
import type { UpstreamAnswer, UpstreamClient } from "./client.ts";
import { documentFrom } from "./documents.ts";
import { fileFrom } from "./files.ts";
import { parseHtml } from "./parse-html.ts";
import { parseJson } from "./parse-json.ts";
import { entriesInHtml, entriesInJson, peekBody, type RootEntries } from "./parse-root.ts";
import { conditionalHeaders, validatorsOf } from "./validators.ts";

type NamesIterator = Extract<NamesAnswer, { kind: "names" }>["entries"];

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/** JSON is preferred; older indexes answer with one of the HTML types. */
const PAGE_HEADERS = {
  Accept: `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`,
  "Accept-Encoding": "gzip",
};

/** An upstream index over HTTP. `index` is its Simple API root, ending in `/`. */
export function simpleAt(index: URL, client: UpstreamClient): Upstream {
  const mayFetch = (url: URL) => client.mayFetch(url);

  return {
    async page(name, known, wasGood) {
      const answer = await client.open(new URL(`${name}/`, index), {
        headers: { ...PAGE_HEADERS, ...conditionalHeaders(known) },
        mayBeAbsent: true,
      });
      if (!answer) return { kind: "absent" };
      if (answer.response.status === 304) return { kind: "unchanged" };
      const bytes = await client.bytes(answer);
      const type = answer.response.headers.get("Content-Type");
      try {
        const read = isJson(type, bytes)
          ? await parseJson(bytes, name, answer.url, mayFetch)
          : await parseHtml(inUtf8(type, bytes), name, answer.url, mayFetch, wasGood);
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
      const answer = await client.open(index, { headers: { ...PAGE_HEADERS, ...conditionalHeaders(known) } });
      if (!answer) throw upstreamFailed(index.host, "it has no root listing");
      return answer.response.status === 304 ? { kind: "unchanged" } : namesOf(answer);
    },
  };
}

async function namesOf(answer: UpstreamAnswer): Promise<NamesAnswer> {
  const { url, response } = answer;
  if (!response.body) throw upstreamFailed(url.host, "its root listing is empty");
  const { beginning, body } = await peekBody(response.body).catch((error: unknown) => {
    throw upstreamFailed(url.host, messageOf(error), error);
  });
  let own: number | undefined;
  const tell = (serial: number) => void (own ??= serial);
  const inJson = isJson(response.headers.get("Content-Type"), beginning);
  const entries = failing(url.host, inJson ? entriesInJson(body, tell) : entriesInHtml(body));
  // The first batch is read now: the serial may be in the listing alone, and the stored listing begins with it.
  const first = await entries.next();
  return {
    kind: "names",
    entries: resumed(first, entries),
    serial: serialOf(answer) ?? own,
    validators: validatorsOf(answer),
  };
}

/**
 * The whole listing again, after its first batch has been taken. No generator: one that has not begun would not give the
 * answer up.
 */
function resumed(first: Awaited<ReturnType<RootEntries["next"]>>, rest: RootEntries): NamesIterator {
  let taken: typeof first | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const result = taken ?? (await rest.next());
      taken = undefined;
      return result;
    },
    return: () => rest.return(undefined),
  };
}

/** The serial in an answer's header, which is the only place where PyPI gives it with an HTML page. */
function serialOf({ response }: UpstreamAnswer): number | undefined {
  const serial = Number(response.headers.get("X-PyPI-Last-Serial") ?? Number.NaN);
  return Number.isSafeInteger(serial) ? serial : undefined;
}

/** Turns errors while a listing arrives into `upstream-failed`. */
async function* failing(host: string, entries: RootEntries): RootEntries {
  try {
    yield* entries;
  } catch (error) {
    throw upstreamFailed(host, messageOf(error), error);
  }
}
