import type { Scope } from "../token.ts";
import type { SchemaName } from "./schemas.ts";

/** What a body is: JSON of a schema; lines of JSON (NDJSON), each of a schema, or the same in another media type; or bytes of one. */
export type Content = SchemaName | { readonly linesOf: SchemaName; readonly orAs?: string } | { readonly type: string };

/** One operation of the API, as its description has it. */
export interface Operation {
  /** Unique; programs that are made from the description call it this. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "delete";
  /** A template (RFC 6570, level 1), from the root of the server. */
  readonly path: string;
  /** One sentence. */
  readonly what: string;
  /** The scope that the token must have; "reader": as it is for reading the index; "none": no token is needed. */
  readonly needs: Scope | "reader" | "none";
  /** Where it is as well: below each index, and below each view of one. */
  readonly alsoAt?: "indexes" | "views";
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly body?: Content;
  /** Of success, by status; null: without a body. */
  readonly answers: Readonly<Record<number, Content | null>>;
}

/** A query parameter. A switch may be given without a value. */
export interface Parameter {
  readonly type: "text" | "number" | "switch";
  readonly what: string;
  readonly isRequired?: boolean;
}

export const text = (what: string): Parameter => ({ type: "text", what });
export const flag = (what: string): Parameter => ({ type: "switch", what });
export const count = (what: string): Parameter => ({ type: "number", what });
