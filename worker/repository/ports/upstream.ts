import type { DocumentRef, DocumentType } from "../../pypi/document.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectPage, Validators } from "../../pypi/page.ts";
import type { RootEntry } from "../../pypi/simple-json.ts";
import type { Part } from "../range.ts";

/** An upstream index. Its methods throw `upstream-failed`, unless something else is said. */
export interface Upstream {
  /**
   * The page, or `absent` (404, 410, and any other answer that the upstream uses for absence), or `unchanged` where
   * `known` still holds.
   *
   * @param wasGood whether the upstream has given a good page of this project before: this distinguishes a page that
   *   was emptied from one that never existed
   */
  page(name: ProjectName, known: Validators, wasGood?: boolean): Promise<PageAnswer>;
  /**
   * The file at `url`, or `part` of it: its body, and its length and date where the upstream gives them; null for 404
   * and 410. A part has exactly its length, whether or not the upstream supports ranges. The bytes are the file's own,
   * whatever `Content-Encoding` they were sent with; where they cannot be recovered, the answer is a failure.
   */
  file(url: URL, wanted: FileWanted): Promise<FileAnswer | null>;
  /** All projects, names normalised, streamed, or `unchanged` where `known` still holds. */
  names(known: Validators): Promise<NamesAnswer>;
  /**
   * The address of its JSON of a project or a release. Throws `document-not-found` where the upstream has no JSON at
   * all.
   */
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
  /** The file that is asked for: its name tells what its bytes must begin with. */
  readonly ref?: Pick<FileRef, "filename" | "part"> | undefined;
  /**
   * Whether no digest will verify the bytes: they must then begin as the name demands, and must not be an HTML page.
   */
  readonly unverified?: boolean | undefined;
}

export interface FileAnswer {
  readonly body: ReadableStream<Uint8Array> | null;
  /** Size of the whole file in bytes. */
  readonly size?: number | undefined;
  readonly modifiedAt?: number | undefined;
  /** Its ETag, else its Last-Modified, unchanged: another validator means another file. */
  readonly validator?: string | undefined;
  /** Whether the upstream sent the whole file although a part was asked for. */
  readonly sliced?: boolean | undefined;
}

export type NamesAnswer =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "names";
      /**
       * Batches of projects. Throws `upstream-failed` where the listing turns out to be cut off or not to be a listing.
       * The first batch has been read: a small listing is known to be whole. `return` gives the answer up.
       */
      readonly entries: AsyncIterableIterator<readonly RootEntry[]>;
      readonly serial?: number | undefined;
      readonly validators: Validators;
    };
