import { SECOND, inSeconds } from "../duration.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { RootEntry } from "../pypi/simple-json.ts";
import { giveWay } from "../repository/give-way.ts";
import { inTime } from "../repository/timeout.ts";
import { assertReadable } from "./api-version.ts";
import { isBlank } from "./charset.ts";
import { htmlReader } from "./html.ts";

/** How much text is kept for a member that continues in the next chunk. Characters. */
const MAX_CARRY = 4_096;

/** An upstream that sends nothing for so long in the middle of its root listing has failed. Milliseconds. */
const IDLE = 10 * SECOND;
const SILENT = `it sent nothing for ${inSeconds(IDLE)} s`;

/** An upstream may send this many chunks of white space before its root listing; more is a failure, or it could go on forever. */
const MAX_BLANK = 100;

/** Several times PyPI's root listing; a longer one is refused. Characters. */
const MAX_LISTING = 250_000_000;

/** How much is read before other requests can run: this takes some milliseconds. Characters. */
const STRIDE = 256 * 1024;

/** Piece size for a document whose links were not counted first. Characters. */
const PIECE = 32 * 1024;

/** Longer than any project's name; a link with a longer text is none to a project. Characters. */
const MAX_LINK_TEXT = 4_096;

/** Projects in batches, as they arrive: PyPI's root listing has 40 MB. Invalid names are left out. */
export type RootEntries = AsyncGenerator<readonly RootEntry[]>;

const PROJECTS = /"projects"\s*:\s*\[/;

/** A project's members, in any order, and its end. A number matches only once the character after it has arrived. */
const TOKENS =
  /"name"\s*:\s*"([^"\\]*)"|"_last-serial"\s*:\s*(\d{1,15})(?=\s*[,}])|"api-version"\s*:\s*"([^"\\]*)"|\}/g;

/**
 * Projects from an upstream's root listing in JSON (PEP 691). Throws where the text is cut off or not a root listing.
 *
 * @param tell called with the root listing's own serial; before the first project where `meta` precedes `projects`
 */
export async function* entriesInJson(body: ReadableStream<Uint8Array>, tell?: (serial: number) => void): RootEntries {
  const nesting = nestingOf();
  let carry = "";
  let listing = false;
  let name: ProjectName | undefined;
  let serial: number | undefined;
  for await (const chunk of textOf(body)) {
    nesting.read(chunk);
    const text = carry + chunk;
    const begins = text.search(PROJECTS);
    const metaEnds = begins === -1 && !listing ? text.length : begins;
    listing ||= begins !== -1;
    const entries: RootEntry[] = [];
    let end = 0;
    for (const match of text.matchAll(TOKENS)) {
      const [token, rawName, digits, version] = match;
      if (rawName !== undefined) name = asProjectName(rawName);
      else if (version !== undefined) assertReadable(version);
      else if (digits !== undefined) serial = Number(digits);
      else {
        if (name) entries.push({ name, "_last-serial": serial });
        else if (serial !== undefined && match.index < metaEnds) tell?.(serial);
        name = serial = undefined;
      }
      end = match.index + token.length;
    }
    carry = text.slice(end).slice(-MAX_CARRY);
    if (entries.length > 0) yield entries;
  }
  if (!listing || !nesting.closed()) throw new Error("its root listing is not PEP 691 JSON, or was cut off");
}

/**
 * Projects from an upstream's root listing in HTML (PEP 503): each link whose text is the name of the folder that it leads to.
 * Throws where there is no such link: the document may be a log-in page.
 */
export async function* entriesInHtml(body: ReadableStream<Uint8Array>): RootEntries {
  let batch: RootEntry[] = [];
  let folder: ProjectName | undefined;
  let text = "";
  let found = false;
  /** The text of a link ends where any tag begins: sizes and dates may follow it. */
  const textEnds = () => {
    if (!folder || text === "" || asProjectName(text.trim().replace(/\/$/, "")) !== folder) return;
    batch.push({ name: folder });
    folder = undefined;
  };
  const reader = htmlReader({
    opened(name, attributes) {
      textEnds();
      if (name === "meta" && attributes.get("name") === "pypi:repository-version")
        assertReadable(attributes.get("content") ?? "");
      if (name !== "a") return;
      text = "";
      const [segment, end] = (attributes.get("href") ?? "").split("/").slice(-2);
      folder = end === "" ? asProjectName(segment ?? "") : undefined;
    },
    closed(name) {
      textEnds();
      if (name === "a") folder = undefined;
    },
    text(piece) {
      if (folder && text.length < MAX_LINK_TEXT) text += piece;
    },
  });
  for await (const piece of inPieces(textOf(body))) {
    reader.write(piece);
    if (batch.length === 0) continue;
    found = true;
    yield batch;
    batch = [];
  }
  reader.end();
  textEnds();
  if (batch.length > 0) yield batch;
  else if (!found) throw new Error("its root listing is neither JSON nor a list of links to projects");
}

/** A text in pieces of some milliseconds' work, between which other requests can run. */
async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let since = 0;
  for await (const text of texts) {
    for (let at = 0; at < text.length; at += PIECE) {
      const piece = text.slice(at, at + PIECE);
      since += piece.length;
      yield piece;
      if (since < PIECE) continue;
      since = 0;
      await giveWay();
    }
  }
}

/**
 * The body's first chunk that is not only white space, and the whole body, from its start. Throws where the body stops arriving
 * before that.
 */
export async function peekBody(
  body: ReadableStream<Uint8Array>,
): Promise<{ beginning: Uint8Array; body: ReadableStream<Uint8Array> }> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  const chunk = async () => (await inTime(IDLE, SILENT, reader.read())).value;
  let value: Uint8Array | undefined;
  try {
    do {
      value = await chunk();
      if (value) chunks.push(value);
    } while (value && chunks.length < MAX_BLANK && value.every(isBlank));
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
  const beginning = value ?? new Uint8Array();
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = chunks.shift() ?? (await reader.read()).value;
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { beginning, body: rest };
}

/** A body's text as it arrives. Throws where it stops arriving, or is longer than `MAX_LISTING`. */
async function* textOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let [total, since] = [0, 0];
  try {
    for (;;) {
      const { done, value } = await inTime(IDLE, SILENT, reader.read());
      if (done) return;
      total += value.length;
      if (total > MAX_LISTING) throw new Error(`its root listing has more than ${MAX_LISTING} characters`);
      since += value.length;
      if (since > STRIDE) {
        since = 0;
        await giveWay();
      }
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Tracks the nesting of a JSON text that arrives in chunks, to tell whether it is complete. */
function nestingOf() {
  let depth = 0;
  let begun = false;
  let inString = false;
  let dangling = "";
  return {
    read(chunk: string) {
      const text = dangling + chunk;
      // A backslash and the character that it escapes are one token; a chunk may end between them.
      let backslashes = 0;
      while (text.at(-1 - backslashes) === "\\") backslashes++;
      dangling = backslashes % 2 === 1 ? "\\" : "";
      for (const [token] of text.slice(0, text.length - dangling.length).matchAll(/\\[^]|["{}[\]]/g)) {
        if (token === '"') inString = !inString;
        else if (!inString && token.length === 1) {
          depth += token === "{" || token === "[" ? 1 : -1;
          begun = true;
        }
      }
    },
    closed: () => begun && depth === 0 && !inString,
  };
}
