import { ADVISORIES_PREFIX, CARRIED_PREFIX, UPLOAD_PREFIXES } from "../platform/objects.ts";
import { hex } from "../pypi/encode.ts";
import { asFileRef, type FileRef } from "../pypi/file-url.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import type { ProjectName } from "../pypi/name.ts";
import { HTML_VERSION } from "../pypi/simple-html.ts";

/** Nothing is ever stored under it: a store is asked for it to see whether it answers. */
export const PROBE_KEY = "probe/none";

/** Raised when the layout of stored values changes: old pages and listings are then not found, and are fetched anew. */
const FORMAT = "4";

/**
 * Every key and prefix in KV, R2 and the platform's cache, for one source. STORAGE.md says what each holds and for how
 * long.
 *
 * @param root our absolute address that is written into pages, if any: pages for another address have other keys
 */
export function keysOf(source: string, root?: string) {
  const pages = root === undefined ? source : `${source}@${fingerprint(root)}`;
  const all = `page/${FORMAT}/${pages}`;
  return {
    /** The prefix of all pages' keys: where it changes, all pages are fetched anew. */
    pages: all,
    /** KV, and R2 where the page is too large for KV. */
    page: (name: ProjectName) => `${all}/${name}`,
    /** KV: the same page as HTML. */
    html: (name: ProjectName) => `html/${HTML_VERSION}/${pages}/${name}`,
    /** KV: the queries of the files' true URLs: secrets, which no client sees. */
    queries: (name: ProjectName) => `queries/${FORMAT}/${pages}/${name}`,
    /** KV: a document, by its path. */
    document: (path: string) => `document/${FORMAT}/${source}/${path}`,
    /** R2: the root listing. */
    list: listKeys(source),
    /**
     * R2: a file, or its `.metadata`. The path is decoded, so that a file has one key, however a client encodes its
     * URL.
     */
    file: (ref: FileRef) => `${ref.part}/${source}/${ref.origin}/${ref.path}`,
    /** `caches.default`, whose keys are URLs; this host is never resolved (RFC 2606). */
    checked: (what: string) => `https://checked.invalid/${encodeURIComponent(pages)}/${what}`,
    absent: (what: string) => `https://absent.invalid/${encodeURIComponent(source)}/${what}`,
  };
}

/**
 * `caches.default`: the snapshot of a subject, what one project of an index had at a revision, a copy of what the
 * stores have under a key, and a description as it was rendered.
 */
export const sharedKeys = (deployment: string) => ({
  copy: (key: string) => `https://copy.invalid/${encodeURIComponent(deployment)}/${encodeURIComponent(key)}`,
  snapshot: (subject: string) =>
    `https://snapshot.invalid/${encodeURIComponent(deployment)}/${encodeURIComponent(subject)}`,
  readme: (key: string) => `https://readme.invalid/${encodeURIComponent(deployment)}/${key}`,
  hosted: (index: string, name: ProjectName, changed: number) =>
    `https://hosted.invalid/${encodeURIComponent(deployment)}/${index}/${name}/${changed}`,
});

/** R2: a root listing as JSON, as HTML and as names, of a source or of an index, whose name never is a source's. */
export const listKeys = (of: string) => ({
  json: `list/${FORMAT}/${of}`,
  html: `list-html/${HTML_VERSION}/${of}`,
  names: `list-names/1/${of}`,
});

export type ListKeys = ReturnType<typeof listKeys>;

/** KV: the merged page of an index's hosted files and the sources' files, where it is too large for memory. */
export const mergedKey = (index: string, name: ProjectName) => `merged/${FORMAT}/${index}/${name}`;

/** R2: prefixes of mirrored files and their `.metadata`; the source follows. The sweep may delete only these. */
export const MIRRORED = ["file/", "metadata/"] as const;

/** R2: prefixes of hosted files, and of uploads that are still to be checked. */
export const [HOSTED_PREFIX, STAGING_PREFIX] = UPLOAD_PREFIXES;

/** R2: bytes that were carried, by their SHA-256: the object under a key never changes. */
export const carriedKeyOf = (sha256: string) => `${CARRIED_PREFIX}${sha256}`;

/**
 * The object that a key under these prefixes belongs to: itself or, for a METADATA, its wheel; undefined for any other
 * key.
 */
export const uploadedObject = (key: string) =>
  /^(hosted\/[0-9a-f]{64}\/[0-9a-f]+|staging\/[\w-]+(?:\.[0-9a-f]+)?)(?:\.metadata)?$/.exec(key)?.[1];

/** The mirrored file that a key belongs to; empty for any other key. */
export function storedRef(key: string): FileRef[] {
  const [, part, address = ""] = /^(file|metadata)\/[^/]+\/(.+)$/.exec(key) ?? [];
  const ref = part === undefined ? undefined : asFileRef(address, part as FileRef["part"]);
  return ref ? [ref] : [];
}

/** The source of a mirrored file or `.metadata`; undefined for any other key. */
export const mirroredFrom = (key: string) => /^(?:file|metadata)\/([^/]+)\/./.exec(key)?.[1];

export type Keys = ReturnType<typeof keysOf>;

/** R2: an index of advisories. Each has a new `id`: the object under a key never changes. */
export const advisoriesKey = (id: string) => `${ADVISORIES_PREFIX}${id}`;

/** R2: a hosted file. Each upload has a new `id`: the object under a key never changes. */
export const hostedKey = (sha256: string, id: string) => `${HOSTED_PREFIX}${sha256}/${id}`;

/** R2: the METADATA of a hosted wheel, the PKG-INFO of a hosted sdist. */
export const hostedMetadataKey = (object: string) => `${object}.metadata`;

/** R2: bytes that are being uploaded. For an upload in parts the id begins with its index's name and a dot. */
export const stagingKey = (id: string) => `${STAGING_PREFIX}${id}`;

/** A random id of 64 bits that was not used before. */
export const freshId = () => hex(crypto.getRandomValues(new Uint8Array(8)));
