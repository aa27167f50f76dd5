import { isDeepStrictEqual } from "node:util";

/** In what that which we read and that which Python reads differ; undefined where they say the same. */
export type Compare = (ours: unknown, theirs: unknown) => string | undefined;

export const comparePlain: Compare = (ours, theirs) => (isDeepStrictEqual(ours, theirs) ? undefined : "the reading");

const sorted = (list: unknown) => (list as unknown[]).map((each) => JSON.stringify(each)).toSorted();

/** In whatever order. */
export const compareSets: Compare = (ours, theirs) => comparePlain(sorted(ours), sorted(theirs));

/** Blanks around a value mean nothing. */
export const compareMetadata: Compare = (ours, theirs) => {
  const trimmed = (fields: unknown) => (fields as (string | null)[]).map((field) => field?.trim());
  return comparePlain(trimmed(ours), trimmed(theirs));
};

/** The files that have a hash: RECORD itself, and its signatures, need none. */
export const compareRecords: Compare = (ours, theirs) => {
  const hashed = (theirs as [string, string, string][]).flatMap(([path, hash]) => {
    const [, algorithm = "", value = ""] = /^sha(\d+)=(.*?)=*$/i.exec(hash) ?? [];
    return hash === "" ? [] : [[path, `sha${algorithm}`, value]];
  });
  return compareSets(ours, hashed);
};

/** A filename may be that of several projects, of which PKG-INFO says which it is: packaging's must be among them. */
export const compareSdistNames: Compare = (ours, theirs) =>
  (ours as unknown[]).some((candidate) => isDeepStrictEqual(candidate, theirs)) ? undefined : "the reading";

interface File {
  readonly filename: string;
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython: string | null;
  readonly yanked: string | boolean | null;
  readonly metadata: true | Readonly<Record<string, string>> | null;
}

const DISTRIBUTION = /\.(?:whl|tar\.gz|zip|tar\.bz2|tgz|tar\.xz|tar\.z|tbz|tar|egg|exe|msi|rpm|deb|dmg)$/i;

/** An address in its one spelling: pip has no escapes but those that are needed, and one slash where there are several. */
const plainUrl = (url: string) => {
  const { host, protocol, pathname, search } = new URL(url);
  return `${protocol}//${host}${unescaped(pathname).replaceAll(/\/+/g, "/")}${search}`;
};

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const DIGITS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 };

const areSound = (hashes: Readonly<Record<string, string>>) =>
  Object.entries(hashes).every(([name, hex]) => hex.length === DIGITS[name] && /^[\da-f]+$/i.test(hex));

/** What ends a path segment, is not seen, or stands in none; and what an escape that is none has become in pip. */
const UNSAFE = /[\\%\p{Cc}\p{Cf}\u2028\u2029]/u;

/**
 * Whether the file is listed by both: not where its name, its digest or its address is none, nor where its address has no path
 * but a host's name, or one that ends in a slash, which pip takes for a filename; nor where an anchor's text is the name.
 */
function isUsable({ filename, url, hashes }: File): boolean {
  const address = URL.parse(url);
  if (address === null || !/^https?:$/.test(address.protocol)) return false;
  const { pathname } = address;
  const path = unescaped(pathname);
  const isPath = !/%2f/i.test(pathname) && !UNSAFE.test(path) && path.endsWith(`/${filename}`);
  return isPath && DISTRIBUTION.test(filename) && !filename.includes("/") && areSound(hashes);
}

const lower = (hashes: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(hashes).map(([name, hex]) => [name, hex.toLowerCase()]));

/** A text without what is not seen, which we take out. */
const seen = (text: string) => text.replaceAll(/[\p{C}\p{Z}]+/gu, "");

/** The digest of what is advertised. Whether it is advertised without one is for us to say. */
const metadataOf = ({ metadata }: File) =>
  metadata === null || metadata === true || !areSound(metadata) ? {} : lower(metadata);

/** The links to distributions, in their order. */
export const compareFiles: Compare = (ours, theirs) => {
  const files = (list: unknown) =>
    (list as File[]).filter(isUsable).map((file) => ({
      ...file,
      url: plainUrl(file.url),
      requiresPython: seen(file.requiresPython ?? ""),
      yanked: typeof file.yanked === "string" ? seen(file.yanked) || true : file.yanked,
      hashes: lower(file.hashes),
      metadata: metadataOf(file),
    }));
  const [own, others] = [files(ours), files(theirs)];
  // A query is no part of a file's identity here: signatures are new on each page. To pip these are several files.
  if (new Set(others.map(({ url }) => url)).size > new Set(others.map(({ url }) => url.split("?")[0])).size)
    return undefined;
  if (own.length !== others.length) return "the number of files";
  const fields = Object.keys(own[0] ?? {}) as (keyof File)[];
  return fields.find((field) => own.some((file, at) => !isDeepStrictEqual(file[field], others[at]?.[field])));
};
