import type { ProjectName } from "../../pypi/name.ts";
import type { Page, Queries } from "../page.ts";
import type { ProjectList } from "../project-list.ts";
import type { Context } from "../context.ts";

/** What a value takes the place of, and who is told of what is found on the way. */
export interface Change<Value> {
  readonly before: Value | undefined;
  readonly ctx: Context;
}

/** Gzipped JSON that is kept, by its name or path. */
export interface CacheStore<What extends string, Value> {
  /** One read, or none. `now` in milliseconds since the epoch: what is in memory is believed for seconds only. */
  get(what: What, now: number): Promise<Value | null>;
  put(what: What, value: Value, now: number, change?: Change<Value>): Promise<void>;
  /** Deletes what was `known` to be kept; what has been put since may stay. */
  delete(what: What, known: Value): Promise<void>;
}

/** Pages that are kept. */
export interface PageStore extends CacheStore<ProjectName, Page> {
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

/** A page, and the one that it takes the place of, as far as that is known. */
export interface PageChange {
  readonly page: Page;
  readonly before: Page | undefined;
}
