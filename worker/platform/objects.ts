/** Keys of hosted files, and of uploads that are still to be checked. */
export const UPLOAD_PREFIXES = ["hosted/", "staging/"] as const;

/** Keys of what was carried to an offline source. */
export const CARRIED_PREFIX = "carried/";

/** Keys of indexes of advisories. */
export const ADVISORIES_PREFIX = "advisories/";

/**
 * Keys that begin with these have objects that are not fetched again: what a team uploaded or carried here, and advisories, which a
 * person may have loaded and without which an index that refuses by them answers nothing.
 */
export const DURABLE_PREFIXES = [...UPLOAD_PREFIXES, CARRIED_PREFIX, ADVISORIES_PREFIX] as const;

/** Whether an object is kept for as long as a row names it: also where it is damaged, it is not deleted. */
export const isKept = (key: string) => key.startsWith("hosted/") || key.startsWith(CARRIED_PREFIX);

/**
 * Objects under keys, as Cloudflare's R2 has them: an R2 bucket can be passed as it is, and R2's documentation says what
 * each method does. Only what the worker uses is asked of a platform.
 */
export interface Objects {
  head(key: string): Promise<ObjectHead | null>;
  /**
   * Rejects with an error whose text has "10039" where the object has no such range. A condition that does not hold
   * gives the object without its body.
   */
  get(key: string, options: ConditionalGetOptions): Promise<ObjectWithBody | ObjectHead | null>;
  get(key: string, options?: GetOptions): Promise<ObjectWithBody | null>;
  /**
   * Nothing is visible before all bytes are there. Resolves with null where `onlyIf` does not hold. Rejects where the
   * bytes do not have the digest in the options, or a stream does not have the length that its `Pipe` was made with.
   */
  put(key: string, value: ReadableStream | Uint8Array | string, options?: PutOptions): Promise<ObjectHead | null>;
  /** At most 1,000 keys. A key that is not there is no error. */
  delete(keys: string | string[]): Promise<void>;
  /** In the order of the keys' UTF-8 bytes. */
  list(options: ListOptions): Promise<ListedObjects>;
  createMultipartUpload(key: string, options?: Pick<PutOptions, "customMetadata">): Promise<MultipartUpload>;
  /** Of an upload that does not exist, the methods reject with an error whose text has "(10024)". */
  resumeMultipartUpload(key: string, uploadId: string): MultipartUpload;
}

export interface ObjectHead extends Pick<R2Object, "key" | "size" | "uploaded"> {
  /** Changes with the bytes: two objects with the same bytes may have the same one. */
  readonly etag: string;
  readonly customMetadata?: Record<string, string>;
}

export interface ObjectWithBody extends ObjectHead {
  /** A byte stream. */
  readonly body: ReadableStream<Uint8Array>;
  bytes(): Promise<Uint8Array>;
}

export type ObjectRange = R2Range;

export type UploadedPart = R2UploadedPart;

export type GetOptions = { readonly range?: ObjectRange };

export type ConditionalGetOptions = GetOptions & { readonly onlyIf: ObjectCondition };

/** The `*` of `etagDoesNotMatch` means that there must be no object. */
export type ObjectCondition = { readonly etagMatches?: string; readonly etagDoesNotMatch?: string };

/** `md5` to `sha512`: the digest that the bytes must have, in hex. At most one of them. */
export interface PutOptions extends Partial<Record<"md5" | "sha1" | "sha256" | "sha384" | "sha512", string>> {
  onlyIf?: ObjectCondition;
  /** At most 2,048 bytes of names and values together. */
  customMetadata?: Record<string, string>;
}

export type ListOptions = {
  readonly prefix?: string;
  readonly limit?: number;
  /** The listing begins after this key, which need not exist. */
  readonly startAfter?: string;
  readonly include?: "customMetadata"[];
};

export interface ListedObjects {
  readonly objects: ObjectHead[];
  readonly truncated: boolean;
}

/** An object that is written in parts, all of one size but the last. It ends by itself seven days after it was begun. */
export interface MultipartUpload {
  readonly uploadId: string;
  uploadPart(partNumber: number, value: ReadableStream | Uint8Array): Promise<UploadedPart>;
  /** Rejects with an error whose text has "(10025)", "(10011)" or "(10048)" where parts are missing or have wrong sizes. */
  complete(parts: UploadedPart[]): Promise<ObjectHead>;
  abort(): Promise<void>;
}
