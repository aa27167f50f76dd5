import type { DocumentRef, DocumentType } from "../../pypi/document.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectPage, Validators } from "../../pypi/page.ts";
import type { RootEntry } from "../../pypi/simple-json.ts";
import type { Part } from "../range.ts";

/** An upstream index. What it throws is `upstream-failed`, unless something else is said. */
export interface Upstream {
  /**
   * The page, or `absent` (404, 410, and what else the upstream says so with), or `unchanged` where `known` still holds.
   *
   * @param wasGood whether a good page of it came from there before: that tells one that was emptied from none
   */
  page(name: ProjectName, known: Validators, wasGood?: boolean): Promise<PageAnswer>;
  /**
   * The file at `url`, or `part` of it: its body, and its length and date where the upstream says them; null for 404 and
   * 410. A part has exactly its length, whether or not the upstream knows ranges. Whatever `Content-Encoding` it was sent with,
   * the bytes are the file's own; an answer whose file cannot be told is a failure.
   */
  file(url: URL, wanted: FileWanted): Promise<FileAnswer | null>;
  /** All projects, names normalised, streamed, or `unchanged` where `known` still holds. */
  names(known: Validators): Promise<NamesAnswer>;
  /** Where its JSON of a project or a release is. Throws `document-not-found` where it has none of anything. */
  jsonUrl(ref: DocumentRef): URL;
  /** The document at `url`, or `absent` (404, 410), or `unchanged` where `known` still holds. */
  document(url: URL, known: Validators): Promise<DocumentAnswer>;
}

export type PageAnswer =
  | { readonly kind: "absent" }
  | { readonly kind: "unchanged" }
  | { readonly kind: "page"; readonly page: ProjectPage; readonly validators: Validators };

export type DocumentAnswer =
  | { readonly kind: "absent" }
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "document";
      /** A JSON object. */
      readonly text: string;
      readonly type: DocumentType;
      readonly serial?: number | string | undefined;
      readonly validators: Validators;
    };

export interface FileWanted {
  readonly headOnly: boolean;
  readonly part?: Part | undefined;
  /** Which file is meant: its name says what its bytes begin with. */
  readonly ref?: Pick<FileRef, "filename" | "part"> | undefined;
  /** Whether no digest will show wrong bytes: they must then begin as the name says, and be no HTML page. */
  readonly unverified?: boolean | undefined;
}

export interface FileAnswer {
  readonly body: ReadableStream<Uint8Array> | null;
  /** Of the whole file. */
  readonly size?: number | undefined;
  readonly modifiedAt?: number | undefined;
  /** Its ETag, else its Last-Modified, as it came: another one means another file. */
  readonly validator?: string | undefined;
  /** Whether the upstream sent the whole although a part was asked for. */
  readonly sliced?: boolean | undefined;
}

export type NamesAnswer =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "names";
      /** Batches of projects; throws `upstream-failed` where the listing turns out to be cut or no listing. */
      readonly entries: AsyncIterable<readonly RootEntry[]>;
      readonly serial?: number | undefined;
      readonly validators: Validators;
    };
