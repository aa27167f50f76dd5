import { asFileRef, type FileRef } from "../pypi/file-url.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import type { ProjectName } from "../pypi/name.ts";
import { RENDERING } from "../pypi/simple-html.ts";

/** Raised when what is stored changes its layout: old pages and listings are then not found, and fetched anew. */
const FORMAT = "4";

/**
 * Every key and prefix in KV, R2 and the platform's cache, for one source. STORAGE.md says what lives there and how long.
 *
 * @param root the absolute address of ours that is written into pages, if any: those of one are not another's
 */
export function keysOf(source: string, root?: string) {
  const pages = root === undefined ? source : `${source}@${fingerprint(root)}`;
  const all = `page/${FORMAT}/${pages}`;
  return {
    /** What the keys of all pages begin with: where it changes, pages begin anew. */
    pages: all,
    /** KV, and R2 where the page is too large for KV. */
    page: (name: ProjectName) => `${all}/${name}`,
    /** KV: the same page as HTML. */
    html: (name: ProjectName) => `html/${RENDERING}/${pages}/${name}`,
    /** KV: the queries of the true URLs of its files: secrets, which no client sees. */
    queries: (name: ProjectName) => `queries/${FORMAT}/${pages}/${name}`,
    /** KV: a document, by its path. */
    document: (path: string) => `document/${FORMAT}/${source}/${path}`,
    /** R2. */
    list: () => `list/${FORMAT}/${source}`,
    /** R2: a file, or its `.metadata`. The path is decoded, so that one file has one key however it is asked for. */
    file: (ref: FileRef) => `${ref.part}/${source}/${ref.origin}/${ref.path}`,
    /** `caches.default`, which wants a URL; this host is never resolved (RFC 2606). */
    checked: (what: string) => `https://checked.invalid/${encodeURIComponent(pages)}/${what}`,
    absent: (what: string) => `https://absent.invalid/${encodeURIComponent(source)}/${what}`,
  };
}

/** KV: the page that an index makes of hosted files, and of what they are merged with, where it is large. */
export const mergedKey = (index: string, name: ProjectName) => `merged/${FORMAT}/${index}/${name}`;

/** Where mirrored files and their `.metadata` lie in R2, the source next: nothing but these may be deleted by the clock. */
export const MIRRORED = ["file/", "metadata/"] as const;

/** Where uploads put bytes in R2: what is hosted, and what is to be checked first. */
export const HOSTED_PREFIX = "hosted/";
export const UPLOADED = [HOSTED_PREFIX, "staging/"] as const;

/** The object that a key of theirs belongs to: itself or, of a METADATA, its wheel; undefined where it is none of theirs. */
export const uploadedObject = (key: string) =>
  /^(hosted\/[0-9a-f]{64}\/[0-9a-f]+|staging\/[\w-]+(?:\.[0-9a-f]+)?)(?:\.metadata)?$/.exec(key)?.[1];

/** What a mirrored file's key says of it; nothing where the key is of something else. */
export function storedRef(key: string): FileRef[] {
  const [, part, address = ""] = /^(file|metadata)\/[^/]+\/(.+)$/.exec(key) ?? [];
  const ref = part === undefined ? undefined : asFileRef(address, part as FileRef["part"]);
  return ref ? [ref] : [];
}

/** The source of a mirrored file, or of its `.metadata`; undefined where the key is of something else. */
export const mirroredFrom = (key: string) => /^(?:file|metadata)\/([^/]+)\/./.exec(key)?.[1];

export type Keys = ReturnType<typeof keysOf>;

/** R2: a hosted file. `id` is made anew for every upload: what a key has meant it means for good. */
export const hostedKey = (sha256: string, id: string) => `hosted/${sha256}/${id}`;

/** R2: the METADATA of a hosted wheel. */
export const hostedMetadataKey = (object: string) => `${object}.metadata`;

/** R2: bytes that are being uploaded. Of an upload in parts the id has its index's name and a dot in front. */
export const stagingKey = (id: string) => `staging/${id}`;

/** Nobody has had it before. */
export const freshId = () => crypto.getRandomValues(new Uint8Array(8)).toHex();
