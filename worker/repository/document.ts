import type { DocumentType } from "../pypi/document.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import type { Validators } from "../pypi/page.ts";
import { gzipped, type Gzipped } from "./gzip.ts";
import type { DocumentAnswer } from "./ports/upstream.ts";
import { digestOf, StoredJson, type StoredHead } from "./stored-json.ts";
import type { Via } from "./artifact.ts";

/** The facts of a document, known without reading it. */
export interface DocumentHead extends StoredHead {
  readonly type: DocumentType;
  /** The upstream's validators. They hold only for the address that `from` is the fingerprint of. */
  readonly validators: Validators;
  readonly from: string;
}

/** An upstream's JSON of a project or release, or a file's provenance, as the upstream wrote it. */
export class Document extends StoredJson<DocumentHead, Document> {
  /** Hashes and compresses a document that was just fetched from `url`. `now` in milliseconds since the epoch. */
  static async from(answer: Extract<DocumentAnswer, { kind: "document" }>, url: URL, now: number): Promise<Document> {
    const { text, type, serial, validators } = answer;
    const plain = new TextEncoder().encode(text);
    const gzip = await gzipped(plain);
    const from = fingerprint(url.href);
    const digest = await digestOf(plain, serial, type, from);
    const sizes = { size: gzip.byteLength, plainSize: plain.byteLength };
    return new Document({ digest, changedAt: now, serial, ...sizes, type, validators, from }, gzip, "upstream");
  }

  /** A project's JSON that no upstream wrote. `changedAt` in milliseconds since the epoch. */
  static async made(text: string, changedAt: number, via: Via): Promise<Document> {
    const plain = new TextEncoder().encode(text);
    const gzip = await gzipped(plain);
    const digest = await digestOf(plain);
    const sizes = { size: gzip.byteLength, plainSize: plain.byteLength };
    return new Document({ digest, changedAt, ...sizes, type: "json", validators: {}, from: "" }, gzip, via);
  }

  /** The validators to revalidate with at `url`: none where the document came from another address. */
  validatorsAt(url: URL): Validators {
    return this.head.from === fingerprint(url.href) ? this.head.validators : {};
  }

  /**
   * A document made of this one, with other text: of a form of its own, so without the upstream's serial and validators.
   *
   * @param now milliseconds since the epoch
   */
  async rewritten(text: string, now: number): Promise<Document> {
    const plain = new TextEncoder().encode(text);
    const gzip = await gzipped(plain);
    const { type, from } = this.head;
    const digest = await digestOf(plain, type, from);
    const sizes = { size: gzip.byteLength, plainSize: plain.byteLength };
    const document = new Document({ digest, changedAt: now, ...sizes, type, validators: {}, from }, gzip, this.via);
    return this.uncheckedSince === undefined ? document : document.stale(this.uncheckedSince);
  }

  protected override copy(gzip: Gzipped, via: Via): Document {
    return new Document(this.head, gzip, via);
  }
}
