import type { Context as HonoContext } from "hono";
import type { UpstreamConfig } from "../../../schema/upstreams.ts";
import { badRequest, IndexError } from "../../errors.ts";
import { isSameServer } from "../../locks/formats/addresses.ts";
import { assertUrls } from "../../locks/formats/limits.ts";
import { assertSearchable, formatFor } from "../../locks/formats/recognise.ts";
import { decodeText, markOf, shown } from "../../locks/formats/text.ts";
import { addressText, indexOf, rootOf, type Address } from "../../locks/mapping/address.ts";
import { planCanonical, type CanonicalOptions } from "../../locks/mapping/canonical.ts";
import { planLocal } from "../../locks/mapping/local.ts";
import type { MappableLock, Plan } from "../../locks/mapping/plan.ts";
import { scannerFor } from "../../locks/mapping/scanners.ts";
import type { LockUpstreams } from "../../locks/mapping/upstream.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { NO_FILENAME, rootsOf, type NamedIndex } from "./lock.ts";
import { readBodyUpTo } from "./request-body.ts";

/** To which URLs a lock's are mapped: an index's own, or those of its upstreams. */
export type MappingTarget = "local" | "canonical";

/** Limits of a lock file that is mapped, for clients without and with a token. Bytes. */
const MAX_ANONYMOUS = 2 * 1024 ** 2;
const MAX_KNOWN = 20 * 1024 ** 2;

/**
 * Answers with a lock file whose URLs are mapped between those of an index and those of its upstreams; all other bytes are as they
 * were sent. Nothing is read or stored.
 *
 * @param isKnown whether the client has shown a token for the index
 * @throws `bad-request`, `too-large`, and `unprocessable` where a URL cannot be mapped
 */
export async function answerMappedLock(
  c: Pick<HonoContext<AppEnv>, "req">,
  target: MappingTarget,
  named: NamedIndex,
  filename: string | undefined,
  isKnown: boolean,
): Promise<Response> {
  if (!filename) throw badRequest(NO_FILENAME);
  const name = shown(filename.split(/[/\\]/).at(-1));
  const upstreams = upstreamsOf(named);
  const limit = isKnown ? MAX_KNOWN : MAX_ANONYMOUS;
  const tooLarge = new IndexError("too-large", isKnown ? TOO_LARGE : TOO_LARGE_ANONYMOUS);
  const bytes = await readBodyUpTo(c.req.raw, limit, "The lock file", tooLarge);
  const format = formatFor(name, bytes);
  const { text } = decodeText(name, bytes);
  assertUrls(name, text);
  if (text.trim() === "") throw new IndexError("unprocessable", EMPTY);
  assertSearchable(format, { name, text });
  const file = { name, text, scan: scannerFor(format) };
  const roots = rootsOf(named, new URL(c.req.url).origin).flatMap((root) => rootOf(root) ?? []);
  const [root] = roots;
  if (!root) throw new Error(`The index ${named.name} has no address.`);
  const mapped =
    target === "local"
      ? planLocal(file, { root, upstreams })
      : canonicalOrRefused(file, named, root, { roots, upstreams });
  return new Response(markOf(bytes) + mapped.text, {
    headers: { "Content-Type": "text/plain; charset=utf-8", ...LIFETIMES.live },
  });
}

/** The same as `planCanonical`; throws `unprocessable` where nothing is mapped, since the lock was made at what seems to be another address. */
function canonicalOrRefused(file: MappableLock, { name }: NamedIndex, root: Address, options: CanonicalOptions): Plan {
  const { suspect, ...plan } = planCanonical(file, options);
  if (suspect === undefined) return plan;
  const isHere = options.roots.some(({ origin }) => isSameServer(new URL(origin), new URL(suspect)));
  const what = isHere
    ? `${suspect}, where it has addresses, is another index here: name that one with index=, or leave index away for the default one.`
    : `${suspect} may be the address of a pypi-edge too. If it is another server, ask that one. If it is this one, set PUBLIC_URL to that address.`;
  throw new IndexError(
    "unprocessable",
    `${file.name}: nothing in it is at ${addressText(root)}, where the index ${name} is; ${what}`,
  );
}

/** The upstreams by whose addresses a lock file may name this index; a page of links is no index in a lock. */
function upstreamsOf({ name, upstreams }: NamedIndex): LockUpstreams {
  const [first, ...others] = upstreams.filter(({ kind }) => kind === "simple").map(lockUpstreamOf);
  if (first) return [first, ...others];
  throw new IndexError(
    "unprocessable",
    `${name} has no upstream whose URLs a lock file could have in place of its own.`,
  );
}

const lockUpstreamOf = ({ url, files, projects }: Pick<UpstreamConfig, "url" | "files" | "projects">) => ({
  index: indexOf(url),
  files: files.origin,
  projects,
});

const EMPTY = "The lock file is empty; send it as the body, as curl --data-binary @uv.lock does.";

const TOO_LARGE = `The lock file is larger than ${MAX_KNOWN / 1024 ** 2} MiB, which is the most that is mapped. Is it the right file?`;

const TOO_LARGE_ANONYMOUS = `The lock file is larger than ${MAX_ANONYMOUS / 1024 ** 2} MiB, which is the most without a token. With a token that may read the index it is ${MAX_KNOWN / 1024 ** 2} MiB: curl -H "Authorization: Bearer $TOKEN".`;
