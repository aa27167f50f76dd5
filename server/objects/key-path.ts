/**
 * Where the bytes of an object lie: the path is the key, as a person reads it, and `@` and the object's version.
 *
 * Paths have lower-case ASCII letters, digits and `-_.+%,` from the key; `!a` is an A, and `=3a` is a byte of UTF-8. So
 * the paths of two keys also differ on disks that ignore case, that normalize Unicode, and on Windows, and no key leads
 * out of the folder. Folders have no `@` in their names, files have one: `a` can lie beside `a/b`.
 */

/** What a random version looks like: 64 bits, in hex. */
const VERSION = /^[0-9a-f]{16}$/;

const ESCAPED = /[^a-z0-9\-_.+%,]/gu;

/** Names are at most 255 bytes on common disks; `@` and the version are 17 of them. A longer segment is cut. Bytes. */
const MAX_NAME = 220;

/** A piece of a segment that is too long: characters of the key, each of which takes at most three bytes. */
const PIECES = /(?:=..|!.|[^=!]){1,72}/g;

/** Stands for an empty segment; at the end of a name it says that the segment goes on in the folder of that name. */
const MARK = "=";

/** Names that Windows has for devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/;

/** The path of an object's file below the folder of objects, with slashes. It gives the key back: `keyAt`. */
export const pathOfObject = (key: string, version: string) => `${key.split("/").map(nameOf).join("/")}@${version}`;

/** The folder of all keys with a prefix that ends in a slash. */
export const folderOfPrefix = (prefix: string) => prefix.slice(0, -1).split("/").map(nameOf).join("/");

/** The key and version of a path that `pathOfObject` has made; undefined for any other path. */
export function keyAt(path: string): { readonly key: string; readonly version: string } | undefined {
  const at = path.lastIndexOf("@");
  const version = path.slice(at + 1);
  if (at === -1 || !VERSION.test(version)) return undefined;
  const whole = path.slice(0, at).replaceAll(/(?<=[^/])=\//g, "");
  const key = whole
    .split("/")
    .map((name) => (name === MARK ? "" : unescaped(name)))
    .join("/");
  return pathOfObject(key, version) === path ? { key, version } : undefined;
}

function nameOf(segment: string): string {
  if (segment === "") return MARK;
  const escaped = segment.replaceAll(ESCAPED, escapedCharacter);
  const pieces = escaped.length <= MAX_NAME ? [escaped] : (escaped.match(PIECES) ?? []);
  return pieces.map(fitForWindows).join(`${MARK}/`);
}

const escapedCharacter = (character: string) =>
  /[A-Z]/.test(character) ? `!${character.toLowerCase()}` : escapedBytes(character);

const escapedBytes = (text: string) => Buffer.from(text).toString("hex").replaceAll(/../g, "=$&");

/** Windows ignores dots at the end of a name (`.` and `..` are such names as well). */
const fitForWindows = (name: string) =>
  name.replace(DEVICE, (device) => escapedBytes(device.slice(0, 1)) + device.slice(1)).replace(/\.$/, escapedBytes);

const unescaped = (name: string) =>
  name
    .replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replaceAll(/(?:=[0-9a-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("=", ""), "hex").toString());
