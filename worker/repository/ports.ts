import type { DocumentRef, DocumentType } from "../pypi/document.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { Digest, ProjectPage, Validators } from "../pypi/page.ts";
import type { RootEntry } from "../pypi/simple-json.ts";
import type { Gzipped } from "./gzip.ts";
import type { Page, Queries } from "./page.ts";
import type { ProjectList } from "./list.ts";
import type { Part, RangeSpec } from "./range.ts";
import type { Artifact, ArtifactFacts, Context, Event, Via } from "./repository.ts";

/** What the layers need from the outside. Each port is for one source: its implementation knows which. */

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

/** What a value takes the place of, and who is told of what is found on the way. */
export interface Change<Value> {
  readonly before: Value | undefined;
  readonly ctx: Context;
}

/** Gzipped JSON that is kept, by its name or path. */
export interface KeptStore<What extends string, Value> {
  /** One read, or none. `now` in milliseconds since the epoch: what is in memory is believed for seconds only. */
  get(what: What, now: number): Promise<Value | null>;
  put(what: What, value: Value, now: number, change?: Change<Value>): Promise<void>;
  /** Deletes what was `known` to be kept; what has been put since may stay. */
  delete(what: What, known: Value): Promise<void>;
}

/** Pages that are kept. */
export interface PageStore extends KeptStore<ProjectName, Page> {
  /** The same page, its HTML kept in this store. */
  own(name: ProjectName, page: Page): Page;
}

/** What is kept beside the pages whose files' true URLs have queries. `now` in milliseconds since the epoch. */
export interface QueryStore {
  /** One read, or none; null where there is no record. */
  get(name: ProjectName, now: number): Promise<Queries | null>;
  put(name: ProjectName, queries: Queries, now: number): Promise<void>;
  delete(name: ProjectName): Promise<void>;
}

/** Where a store keeps one page's HTML, gzipped: made once a change, when it is first wanted. */
export interface Renderings {
  /** The HTML of the page with this digest, or null. */
  get(digest: string): Promise<Gzipped | null>;
  put(digest: string, html: Uint8Array): Promise<void>;
}

/** Files that are kept, and their `.metadata`. */
export interface FileStore {
  /** The file, or the part of it that `range` means: one read, and one more where there is no such part. */
  get(ref: FileRef, range?: RangeSpec): Promise<Artifact | null>;
  /** What is known of the file, without a byte of it: one read, or none. */
  head(ref: FileRef): Promise<ArtifactFacts | null>;
  /**
   * A place to write a file into; nothing is visible before `commit`. It takes nothing, and says `Overtaken`, where a verified
   * file lies there, or has been put there meanwhile, or `replace` says that another digest is wanted.
   */
  create(ref: FileRef, facts: ArtifactFacts): FileSink;
  /**
   * Has what is stored under this reference never be given again, and nothing be stored but a file of the `wanted` digest; of any,
   * where the page has none. False where that was done before. Costs a read and a write.
   */
  replace(ref: FileRef, project: ProjectName, wanted: Digest | undefined): Promise<boolean>;
  /** Deletes what is stored under these references, however many. What is being stored meanwhile may still come to be there. */
  forget(refs: readonly FileRef[]): Promise<void>;
}

/** One file being written. After any rejection only `abort` may be called. */
export interface FileSink {
  /** Resolves when the chunk's memory may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the file visible, whole and verified, or rejects and leaves nothing. */
  commit(): Promise<void>;
  /** Leaves nothing. */
  abort(reason: Error): Promise<void>;
}

/** Where files are left that are not stored beside an answer. */
export interface FillQueue {
  /** Has the file stored, sooner or later, once or twice. Rejects where that cannot be promised. */
  send(ref: FileRef): Promise<void>;
  /** The same for many, in about this order; where it rejects, it may have been promised of some. */
  sendAll(refs: readonly FileRef[]): Promise<void>;
}

/** Why a page is to be fetched anew: the upstream's log of changes says so, or it is asked for often. */
export type RefreshCause = "feed" | "popular";

/** Where pages are left that are to be fetched anew. */
export interface RefreshQueue {
  /**
   * Has these pages checked with the upstream, sooner or later, once or twice; any number of them. Rejects where that cannot
   * be promised of all: some may be queued by then.
   */
  send(names: readonly ProjectName[], cause: RefreshCause): Promise<void>;
}

/** What was found out about a file that its page may not say. */
export interface FileFacts {
  /** SHA-256 of a wheel's METADATA, in lower-case hex. */
  readonly metadata?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  /** When the upstream says that it was last modified; milliseconds since the epoch. */
  readonly modifiedAt?: number | undefined;
  /** Whether a wheel's METADATA cannot be read. */
  readonly unreadable?: boolean | undefined;
}

/** What was found out about files. */
export interface FactStore {
  /** All of a project's files, by their URL as the project's page has it. One read. */
  of(project: ProjectName): Promise<ReadonlyMap<string, FileFacts>>;
  /** Adds to what is known of a file; what `facts` leave undefined stays. */
  record(project: ProjectName, url: string, facts: FileFacts): Promise<void>;
  /** Forgets all that is known of these files. One write. */
  forget(project: ProjectName, urls: readonly string[]): Promise<void>;
}

/** Which project's page lists a file whose name does not lead to that project; by its address, `{origin}/{path}`, decoded. */
export interface StrayStore {
  /** One read. The projects are those that listed it when their pages were stored. */
  find(address: string): Promise<readonly ProjectName[]>;
  /** Notes that these are on the project's page, and no others. One call. */
  note(project: ProjectName, addresses: readonly string[]): Promise<void>;
}

/** The root listing that is kept. */
export interface ListStore {
  get(): Promise<ProjectList | null>;
  /** Stores the listing whole or, where its stream errors, not at all. */
  put(list: ProjectList): Promise<void>;
}

/** What is believed of a key for a time, in this isolate's memory only. */
export interface Marks<Key extends string = string> {
  /** `now` in milliseconds since the epoch. */
  get(key: Key, now: number): true | undefined;
  /** `bytes` beside the key's own; `until` in milliseconds since the epoch. */
  set(key: Key, mark: true, bytes: number, until: number): void;
  delete(key: Key): void;
}

/** How pages, documents and the root listing stand with the upstream. Times are milliseconds since the epoch. */
export interface Freshness {
  /** Looks no further than it must to find that the upstream need not be asked. */
  standing(what: string, asked: StandingQuestion): Promise<Standing>;
  /** Remembers that what is stored was just found to be what the upstream has. */
  good(what: string, ctx: Context): void;
  /** Remembers nothing of it any more. */
  forget(what: string, ctx: Context): void;
  /** Remembers that it could not be checked, was good at `since`, and is not to be asked about before `retryAt`. */
  failed(what: string, since: number, retryAt: number, ctx: Context): void;
}

/** What a source said of names that sources below it have served: kept for when it cannot say it again. */
export interface Verdicts {
  /** It has just given the name's page: whatever it said before does not stand. */
  noteOwned(name: ProjectName, ctx: Context): void;
  /** It has just said that it does not own the name. */
  noteAbsent(name: ProjectName, ctx: Context): void;
  /** Whether it said so later than `after`, and nothing has been seen since that says otherwise. */
  isAbsent(name: ProjectName, after: number, ctx: Context): Promise<boolean>;
}

/** What was stored at `changedAt` is fresh where it was good later than `staleBefore`. */
export interface StandingQuestion {
  readonly changedAt: number;
  readonly staleBefore: number;
  readonly now: number;
  /** A time since which it need only have been good to be fresh as well; asked for where `staleBefore` does not settle it. */
  readonly goodSince?: (() => Promise<number>) | undefined;
}

/** `since` is when it was last good; where that was lost, when it was first seen to fail. */
export type Standing =
  | { readonly kind: "fresh" }
  /** The upstream has just failed and is left alone. */
  | { readonly kind: "failing"; readonly since: number }
  /** The upstream is to be asked; undefined where nothing is known of the last time. */
  | { readonly kind: "due"; readonly since: number | undefined };

/** The root listing's place among names and paths, none of which is empty. */
export const ROOT = "";

/**
 * What is counted, and by which labels. Their values are few and known beforehand, since each combination is a row for good
 * that anybody may read: no names of projects or files, no addresses.
 */
export interface Counted {
  requests: { family: "simple" | "files" | "documents" | "other"; status: string; via: Via | "none" };
  /** Bytes, not files. */
  fileBytes: { via: Via };
  /** `warned`: for more than a week. */
  stalePages: { warned: "true" | "false" };
  upstreamRequests: { outcome: "ok" | "absent" | "unchanged" | "failed" };
  events: { event: Event["event"] };
}

/** One counter's sum. */
export interface Count {
  readonly name: keyof Counted;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counters that are added up over all isolates. Counting never fails and costs no operation. */
export interface Counters {
  add<Name extends keyof Counted>(name: Name, labels: Counted[Name], by?: number): void;
  /** Writes what this isolate has counted, behind the answer, where it last did so a while ago. */
  flush(ctx: Context): void;
  /**
   * The sums of these counters. What this isolate has counted is written first: the sum of what is stored never goes down
   * from one isolate's answer to another's, which a reader would take for counters that have begun anew. Rejects where the
   * store fails.
   */
  totals(names: readonly (keyof Counted)[]): Promise<readonly Count[]>;
}
