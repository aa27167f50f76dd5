import type { FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import { RENDERING } from "../pypi/simple-html.ts";

/** Raised when stored pages change their layout: old ones are then not found, and fetched anew. */
const PAGE_FORMAT = "2";

/** Every key and prefix in KV, R2 and the platform's cache, for one source. STORAGE.md says what lives there and how long. */
export const keysOf = (source: string) => ({
  /** KV, and R2 where the page is too large for KV. */
  page: (name: ProjectName) => `page/${PAGE_FORMAT}/${source}/${name}`,
  /** KV: the same page as HTML. */
  html: (name: ProjectName) => `html/${RENDERING}/${source}/${name}`,
  /** R2. */
  list: () => `list/${PAGE_FORMAT}/${source}`,
  /** R2: a file, or its `.metadata`. The path is decoded, so that one file has one key however it is asked for. */
  file: (ref: FileRef) => `${ref.part}/${source}/${ref.origin}/${ref.path}`,
  /** `caches.default`, which wants a URL; this host is never resolved (RFC 2606). */
  checked: (what: string) => `https://checked.invalid/${encodeURIComponent(source)}/${what}`,
  absent: (what: string) => `https://absent.invalid/${encodeURIComponent(source)}/${what}`,
});

export type Keys = ReturnType<typeof keysOf>;
