import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import { giveWay } from "./give-way.ts";

/** More attributes than an element of any real page has. */
const MAX_ATTRIBUTES = 1_000;

/** A longer name, value or comment is no part of a real page, and would be in memory as a whole. Characters. */
const MAX_TOKEN = 4 * 1024 * 1024;

/** What a document consists of, in its order. Names are in lower case; in texts and values character references are undecoded. */
export interface HtmlListener {
  /** A start tag. Of attributes with one name the last counts, as in pip; in HTML it is the first (13.2.5.33). */
  opened?(name: string, attributes: ReadonlyMap<string, string>): void;
  /** An end tag, whether or not it closes anything. */
  closed?(name: string): void;
  /** A piece of a text; a script and a title are texts as well. */
  text?(piece: string): void;
}

/**
 * Reads HTML as it arrives, in a time that is linear in its length. It knows of no tree: htmlparser2's own parser does, and
 * takes a time that grows with the depth of a page for each of its tags.
 *
 * @throws Error from `write`, where an element has too many attributes or too long ones; what the listener throws is passed on
 */
export function htmlReader(listener: HtmlListener) {
  /** Pieces in which a token may have begun, and the offset of the first of them in the document. */
  let pieces: string[] = [];
  let begin = 0;
  let held = 0;
  let tag = "";
  let attribute = "";
  let value = "";
  let attributes = new Map<string, string>();

  function forget(end: number): void {
    for (let first = pieces[0]; first !== undefined && begin + first.length <= end; first = pieces[0]) {
      begin += first.length;
      held -= first.length;
      pieces.shift();
    }
  }

  function slice(start: number, end: number): string {
    forget(start);
    const [first = ""] = pieces;
    if (end <= begin + first.length) return first.slice(start - begin, end - begin);
    return pieces.join("").slice(start - begin, end - begin);
  }

  const opened = () => {
    listener.opened?.(tag, attributes);
    attributes = new Map();
  };
  const ignored = (_start: number, end: number) => forget(end);
  const callbacks: TokenizerCallbacks = {
    ontext: (start, end) => listener.text?.(slice(start, end)),
    onopentagname: (start, end) => void (tag = slice(start, end).toLowerCase()),
    onattribname(start, end) {
      attribute = slice(start, end).toLowerCase();
      value = "";
    },
    onattribdata(start, end) {
      value += slice(start, end);
      if (value.length > MAX_TOKEN) throw tooLong();
    },
    onattribend() {
      attributes.set(attribute, value);
      if (attributes.size > MAX_ATTRIBUTES) throw new Error(`an element has more than ${MAX_ATTRIBUTES} attributes`);
    },
    onopentagend: opened,
    onselfclosingtag: opened,
    onclosetag: (start, end) => listener.closed?.(slice(start, end).toLowerCase()),
    oncomment: ignored,
    ondeclaration: ignored,
    oncdata: ignored,
    onprocessinginstruction: ignored,
    // These are called only where character references are decoded.
    ontextentity: () => undefined,
    onattribentity: () => undefined,
    onend: () => undefined,
  };
  const tokenizer = new Tokenizer({ decodeEntities: false }, callbacks);

  return {
    write(piece: string): void {
      pieces.push(piece);
      held += piece.length;
      tokenizer.write(piece);
      if (held - piece.length > MAX_TOKEN) throw tooLong();
    },
    end: () => tokenizer.end(),
  };
}

const tooLong = () => new Error(`a tag or comment of its page has more than ${MAX_TOKEN} characters`);

/**
 * Reads an HTML document; other requests can run between its pieces. Rejects with what the listener throws.
 *
 * @param pieces UTF-8
 */
export async function readHtml(listener: HtmlListener, pieces: readonly Uint8Array[]): Promise<void> {
  const reader = htmlReader(listener);
  const decoder = new TextDecoder();
  for (const [nth, piece] of pieces.entries()) {
    if (nth > 0) await giveWay();
    reader.write(decoder.decode(piece, { stream: true }));
  }
  reader.write(decoder.decode());
  reader.end();
}
