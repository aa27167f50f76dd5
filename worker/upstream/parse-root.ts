import { SECOND, inSeconds } from "../duration.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { RootEntry } from "../pypi/simple-json.ts";
import { giveWay } from "../repository/give-way.ts";
import { inTime } from "../repository/timeout.ts";
import { assertReadable } from "./api-version.ts";
import { isBlank } from "./charset.ts";
import { htmlReader } from "../repository/html.ts";
import { RootScanner } from "./root-scanner.ts";

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

/** How many projects are given at once; the last batch has fewer. A listing with fewer is given when it is whole. */
const BATCH = 2_000;

/** Projects in batches, as they arrive: PyPI's root listing has 40 MB. Invalid names are left out. */
export type RootEntries = AsyncGenerator<readonly RootEntry[]>;

/**
 * Projects from an upstream's root listing in JSON (PEP 691). Throws where the text is cut off or not a root listing: before the
 * last batch is given.
 *
 * @param tell called with the root listing's own serial; before the first project where `meta` precedes `projects`
 */
export async function* entriesInJson(body: ReadableStream<Uint8Array>, tell?: (serial: number) => void): RootEntries {
  let batch: RootEntry[] = [];
  const scanner = new RootScanner({
    project: (rawName, serial) => {
      const name = asProjectName(rawName);
      if (name) batch.push({ name, "_last-serial": serial });
    },
    serial: (serial) => tell?.(serial),
    version: assertReadable,
  });
  for await (const chunk of textOf(body)) {
    scanner.read(chunk);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (!scanner.isWhole()) throw new Error("its root listing is not PEP 691 JSON, or was cut off");
  if (batch.length > 0) yield batch;
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
    if (batch.length < BATCH) continue;
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
