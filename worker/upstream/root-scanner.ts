/** What is found in a root listing. */
export interface RootFindings {
  /** A project, at its end. */
  project(name: string, serial: number | undefined): void;
  /** The listing's own serial. */
  serial(serial: number): void;
  /** The version of the Simple API that it declares. */
  version(version: string): void;
}

/** A string or number may continue in the next chunk; a longer one is not used. Characters. */
const MAX_TOKEN = 4_096;

/** Deeper nesting is refused: a root listing has three levels, and members that are unknown here a few more. */
const MAX_DEPTH = 64;

const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** A string at the beginning of a text, with its quotes. */
const STRING = /^"(?:[^"\\]|\\[^])*"/;

/** How many brackets are open around the members of the listing, of its `meta`, and of a project. */
const IN_LISTING = 1;
const IN_META = 2;
const IN_PROJECT = 3;

/**
 * Reads a root listing in JSON (PEP 691) chunk by chunk, in time that grows with its length alone. Of the text it keeps
 * only a token that continues in the next chunk. What is not needed is passed over, not validated.
 */
export class RootScanner {
  readonly #found: RootFindings;
  /** For each open bracket, whether it is an array's. */
  readonly #open: boolean[] = [];
  /** The listing's member that is being read. */
  #section = "";
  /** The member whose value comes next; else empty. */
  #member = "";
  #string = "";
  #name: string | undefined;
  #serial: number | undefined;
  #begun = false;
  #hasProjects = false;
  #broken = false;
  /** The beginning of a string or number that continues in the next chunk. */
  #carry = "";
  /** Inside a string that is too long to be used, and there behind a backslash. */
  #skipping = false;
  #escaped = false;

  constructor(found: RootFindings) {
    this.#found = found;
  }

  /** Whether a whole root listing has been read. */
  isWhole(): boolean {
    const isOpen = this.#open.length > 0 || this.#skipping || this.#carry !== "";
    return this.#begun && this.#hasProjects && !this.#broken && !isOpen;
  }

  read(chunk: string): void {
    const text = this.#carry + chunk;
    this.#carry = "";
    let at = this.#skipping ? this.#skip(text, 0) : 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = this.#readString(text, at);
      else if (isDigit(code)) at = this.#readNumber(text, at);
      else {
        if (code > BLANK) this.#readMark(code);
        at++;
      }
    }
  }

  /** @returns where the text goes on */
  #readString(text: string, from: number): number {
    const quote = text.indexOf('"', from + 1);
    let value = quote === -1 ? undefined : text.slice(from + 1, quote);
    let end = quote + 1;
    if (value === undefined || value.includes("\\")) {
      const [whole] = STRING.exec(text.slice(from, from + MAX_TOKEN)) ?? [];
      if (whole === undefined && text.length - from <= MAX_TOKEN) {
        this.#carry = text.slice(from);
        return text.length;
      }
      // No valid name needs an escape.
      value = "";
      end = whole === undefined ? this.#skip(text, from + 1) : from + whole.length;
    }
    this.#string = value;
    const depth = this.#open.length;
    if (depth === IN_PROJECT && this.#member === "name") this.#name = value;
    else if (depth === IN_META && this.#section === "meta" && this.#member === "api-version")
      this.#found.version(value);
    this.#member = "";
    return end;
  }

  /** Passes over the rest of a string, into the next chunk where it continues there. */
  #skip(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#escaped) this.#escaped = false;
      else if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) {
        this.#skipping = false;
        return at + 1;
      }
    }
    this.#skipping = true;
    return text.length;
  }

  #readNumber(text: string, from: number): number {
    let end = from + 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    // Only the character behind it says that it has ended.
    if (end === text.length && end - from < MAX_TOKEN) {
      this.#carry = text.slice(from);
      return end;
    }
    const behind = text.charCodeAt(end);
    const isInteger = end - from <= 15 && (behind <= BLANK || behind === COMMA || behind === CLOSE_OBJECT);
    const depth = this.#open.length;
    const isSerial = this.#member === "_last-serial" && (depth === IN_PROJECT || depth === IN_META);
    if (isSerial && isInteger) this.#serial = Number(text.slice(from, end));
    this.#member = "";
    return end;
  }

  #readMark(code: number): void {
    const member = this.#member;
    this.#member = "";
    if (code === COLON) {
      this.#member = this.#string;
      if (this.#open.length === IN_LISTING) this.#section = this.#string;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#begin(code === OPEN_ARRAY, member);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.#end(code === CLOSE_ARRAY);
  }

  #begin(isArray: boolean, member: string): void {
    const depth = this.#open.push(isArray);
    if (depth > MAX_DEPTH) throw new Error("its root listing is nested too deeply");
    if (depth === 1 && (this.#begun || isArray)) this.#broken = true;
    this.#begun = true;
    if (depth === IN_LISTING + 1 && isArray && member === "projects") this.#hasProjects = true;
    if (depth === IN_META || depth === IN_PROJECT) this.#name = this.#serial = undefined;
  }

  #end(isArray: boolean): void {
    const depth = this.#open.length;
    if (this.#open.pop() !== isArray) this.#broken = true;
    if (isArray) return;
    if (depth === IN_PROJECT && this.#section === "projects" && this.#name !== undefined)
      this.#found.project(this.#name, this.#serial);
    if (depth === IN_META && this.#section === "meta" && this.#serial !== undefined) this.#found.serial(this.#serial);
    if (depth === IN_PROJECT) this.#name = this.#serial = undefined;
  }
}
