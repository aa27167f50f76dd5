import { wordTokens } from "../../../../worker/locks/mapping/comments.ts";
import { filenameOf } from "../../../../worker/locks/mapping/file-mapping.ts";
import { jsonTokens } from "../../../../worker/locks/mapping/json.ts";
import { requirementsTokens } from "../../../../worker/locks/mapping/requirements.ts";
import { rootsIn, possibleRootsIn } from "../../../../worker/locks/mapping/roots.ts";
import { tomlTokens } from "../../../../worker/locks/mapping/toml.ts";
import { yamlTokens } from "../../../../worker/locks/mapping/yaml.ts";
import { yankBody } from "../../../../schema/release.ts";
import { newToken } from "../../../../schema/token.ts";
import { credentialIn } from "../../../../worker/auth/credentials.ts";
import { matchesPattern } from "../../../../worker/auth/oidc/claims.ts";
import { faultOfForm } from "../../../../worker/auth/token-form.ts";
import { parseToken } from "../../../../worker/auth/token.ts";
import { upstreamFailed } from "../../../../worker/errors.ts";
import { pathOf } from "../../../../worker/http/path.ts";
import { parseRange } from "../../../../worker/http/range.ts";
import { redactPath } from "../../../../worker/http/redact.ts";
import { isCoreMetadata, parseCoreMetadata } from "../../../../worker/pypi/core-metadata.ts";
import { parseFileRef } from "../../../../worker/pypi/file-url.ts";
import { asFilename, projectCandidates, type Filename } from "../../../../worker/pypi/filename.ts";
import { headersOf } from "../../../../worker/pypi/headers.ts";
import { isPrivate, isPublic } from "../../../../worker/pypi/host.ts";
import { identityOf } from "../../../../worker/pypi/identity.ts";
import { kindOf } from "../../../../worker/pypi/kind.ts";
import { readLock } from "../../../../worker/locks/formats/read.ts";
import { asProjectName, type ProjectName } from "../../../../worker/pypi/name.ts";
import { coversPattern, matcher } from "../../../../worker/pypi/pattern.ts";
import { canonicalVersion, parseVersion, publicVersion } from "../../../../worker/pypi/pep440.ts";
import { parseSdistFilename, sdistVersion } from "../../../../worker/pypi/sdist-name.ts";
import { escaped, isPrintable, withoutTokens } from "../../../../worker/pypi/shown.ts";
import { isSpecifierSet } from "../../../../worker/pypi/specifiers.ts";
import { afterName, versionOf } from "../../../../worker/pypi/version.ts";
import { expandTag, parseWheelName } from "../../../../worker/pypi/wheel-name.ts";
import { checkPath } from "../../../../worker/publishing/inspect/member-path.ts";
import type { Growing } from "./hostile.ts";

const PROJECT = "a" as ProjectName;

const utf8 = (text: string) => new TextEncoder().encode(text);

const LOCKS = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "pixi.lock", "requirements.txt"];

/** What reads texts that clients, uploads, upstreams and lock files are made of. */
export const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  shownIn: credentialIn,
  "shownIn Basic": (text) => credentialIn(`Basic ${btoa(encodeURIComponent(text))}`),
  parseToken,
  faultOfForm: (text) => faultOfForm(text, text),
  fits: (text) => matchesPattern("a*b*c*", text),
  upstreamFailed: (text) => upstreamFailed("pypi.test", text),
  pathOf: (text) => pathOf(`https://edge.test/${text}`),
  parseRange,
  redacted: redactPath,
  parseCoreMetadata: (text) => parseCoreMetadata(utf8(text), "METADATA"),
  isCoreMetadata: (text) => isCoreMetadata(utf8(text), "a-1-py3-none-any.whl" as Filename, PROJECT),
  parseFileRef,
  asFilename,
  projectCandidates: (text) => asFilename(`${text}.tar.gz`) && projectCandidates(`${text}.tar.gz` as Filename),
  headersOf,
  isPrivate,
  isPublic,
  identityOf: (text) => identityOf(`a-${text}.tar.gz` as Filename, PROJECT),
  kindOf: (text) => kindOf(`a-1-${text}.whl` as Filename),
  asProjectName,
  matcher: (text) => matcher("a*-*_*.*a")(text as ProjectName),
  "matcher, of its pattern": (text) => matcher(text)("a".repeat(100) as ProjectName),
  includes: (text) => coversPattern("a*a", text),
  canonicalVersion,
  parseVersion,
  publicVersion,
  parseSdistFilename,
  sdistVersion: (text) => sdistVersion(`a-${text}.tar.gz` as Filename, PROJECT),
  escaped,
  isPrintable,
  withoutTokens,
  isSpecifierSet,
  versionOf: (text) => versionOf(`a-${text}.tar.gz` as Filename, PROJECT),
  behindName: (text) => afterName(text, "b" as ProjectName),
  expandTag,
  parseWheelName: (text) => parseWheelName(`a-1-${text}-none-any.whl`),
  checkPath,
  newToken: (text) => newToken.safeParse({ name: text, index: text, scopes: [text], projects: [text], expires: text }),
  yankBody: (text) => yankBody.safeParse({ reason: text }),
  wordTokens: (text) => wordTokens(text, 0),
  filenameOf,
  jsonTokens,
  requirementsTokens,
  tomlTokens,
  yamlTokens,
  "pixi.lock, its packages": (text) => readLock("pixi.lock", utf8(`version: 7\npackages:\n${text}`)),
  "rootsIn and suspectsIn": (text) => {
    const tokens = [{ start: 0, end: 0, url: `https://edge.test/${text}` }];
    return [rootsIn(tokens), possibleRootsIn(tokens, [])];
  },
  ...Object.fromEntries(LOCKS.map((name) => [name, (text: string) => readLock(name, utf8(text))])),
};

/** What is repeated in texts for them: pieces of everything that they read. */
const UNITS = [
  ..."aA0./-_ %:@=#\"'\\\t\n\r,;(){}[]<>*+!~\u0000\u202e\u00e9".split(""),
  "a.",
  "a-",
  "-0",
  ".0",
  "0.",
  "a=",
  "//",
  "/a",
  "a/files/",
  "%2f",
  "%25",
  "%2f%2f",
  "pypi-edge_",
  "//a@",
  ":a@",
  "==",
  "==1.0,",
  "a;q=0.1,",
  "a\n",
  "a: b\n",
  " \n",
  "\n ",
  "\r\n",
  "#a",
  " #",
  '"a"',
  '\\"',
  '"""',
  "'''",
  ",,",
  "[[package]]\n",
  "{[",
  '{"a":',
  "a==1 \\\n",
  "--hash=",
  "https://",
  "https://a/files/b.c/",
  "../",
  "././",
  "py3.",
  "1!",
  "+a",
  "a<",
  "&#",
];

const HEADS = ["", "a", '"', "a==", '{"a":"', "Name: a\n"];
const TAILS = ["", "\u0000", "a\n\u0000"];

/** Texts for all of them. */
export function* readersTexts(): Generator<Growing> {
  for (const head of HEADS) for (const unit of UNITS) for (const tail of TAILS) yield { head, unit, tail };
}
