import type { ProjectName } from "../../pypi/name.ts";
import type { Page, Queries } from "../page.ts";
import type { Shape } from "../list-shapes.ts";
import type { ListHead, ProjectList } from "../project-list.ts";
import type { Context } from "../context.ts";

/** The value that a new one replaces, and the context for reports. */
export interface Change<Value> {
  readonly before: Value | undefined;
  readonly ctx: Context;
}

/** A store of gzipped JSON, by project name or document path. */
export interface CacheStore<What extends string, Value> {
  /**
   * One read, or none: a copy is used for a few seconds, or for as long as it is known to be what is stored.
   *
   * @param now milliseconds since the epoch
   * @param ctx where it is given, older copies are used, and what was read is copied for others who will ask, behind the answer
   */
  get(what: What, now: number, ctx?: Context): Promise<Value | null>;
  put(what: What, value: Value, now: number, change?: Change<Value>): Promise<void>;
  /** Deletes the `known` value; one that was stored since may stay. `now` in milliseconds since the epoch. */
  delete(what: What, known: Value, now: number): Promise<void>;
}

/** The store of pages. */
export interface PageStore extends CacheStore<ProjectName, Page> {
  /** The same page, with its HTML stored here. */
  own(name: ProjectName, page: Page): Page;
}

/** The queries of files' true URLs, stored beside the pages. `now` in milliseconds since the epoch. */
export interface QueryStore {
  /** One read, or none; null where there is no record. */
  get(name: ProjectName, now: number): Promise<Queries | null>;
  put(name: ProjectName, queries: Queries, now: number): Promise<void>;
  delete(name: ProjectName): Promise<void>;
}

/**
 * Which projects' pages list files whose names do not lead to them; by the file's address, `{origin}/{path}`, decoded.
 */
export interface StrayStore {
  /** The projects whose pages listed the file when they were stored. One read. */
  find(address: string): Promise<readonly ProjectName[]>;
  /** Records that exactly these addresses are on the project's page. One call. */
  note(project: ProjectName, addresses: readonly string[]): Promise<void>;
}

/** The store of one root listing. */
export interface ListStore {
  /** One read, and another one where its HTML is opened. */
  get(ctx: Context): Promise<ProjectList | null>;
  /** Begins to store a listing; the one before it is given until `commit`. An empty digest is found out here. */
  create(head: ListHead): ListSink;
}

/** Takes a listing's gzipped bytes. Both shapes become visible together, or neither. */
export interface ListSink {
  write(shape: Shape, bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** A page, and the page that it replaces, if known. */
export interface PageChange {
  readonly page: Page;
  readonly before: Page | undefined;
}
