import type { Context as HonoContext } from "hono";
import type { UpstreamConfig } from "../../../schema/upstreams.ts";
import { badRequest, IndexError } from "../../errors.ts";
import { foreignTo, type IndexAddresses } from "../../locks/formats/addresses.ts";
import { narrowing } from "../../locks/formats/narrow.ts";
import { readLock } from "../../locks/formats/read.ts";
import { shown } from "../../locks/formats/text.ts";
import type { Explain } from "../../repository/explanation.ts";
import type { Repository } from "../../repository/repository.ts";
import type { LockRequest } from "../../locks/resolve.ts";
import type { AppEnv } from "../context.ts";
import { readRequestBody } from "./request-body.ts";

/** Limit of a lock file. The largest known ones have two thirds of it. Bytes. */
const MAX_LOCK_BYTES = 3 * 1024 ** 2;

/** The parameters of a lock that is asked about. */
export interface LockParameters {
  readonly filename?: string;
  readonly python?: string;
  readonly platform?: string;
}

/** What the API needs of an index. */
export interface NamedIndex {
  readonly name: string;
  /** Prefix of its addresses: empty, or a slash and its name. */
  readonly base: string;
  readonly repository: Repository;
  /** What its policy says of its files; undefined where it has none. */
  readonly explain: Explain | undefined;
  readonly upstreams: readonly Pick<UpstreamConfig, "kind" | "url" | "files" | "projects">[];
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
  /** The public address from the configuration, without a final slash; may be empty. */
  readonly publicUrl: string;
}

/**
 * Reads the lock file in a request's body. No page is read.
 *
 * @throws `bad-request` for the query, `too-large`, and `unprocessable` for the lock's content
 */
export async function readLockRequest(
  c: Pick<HonoContext<AppEnv>, "req">,
  named: NamedIndex,
  { filename, python, platform }: LockParameters,
): Promise<LockRequest> {
  if (!filename) throw badRequest(NO_FILENAME);
  const narrowed = narrowing(python, platform);
  const bytes = await readRequestBody(c.req.raw, MAX_LOCK_BYTES, "The lock file");
  const { origin } = new URL(c.req.url);
  const lock = readLock(filename, bytes, foreignTo(addressesOf(named, origin)));
  const lockName = shown(filename.split(/[/\\]/).at(-1));
  if (lock.packages.length + lock.elsewhere.length === 0) {
    throw new IndexError("unprocessable", `${lockName} locks no package. ${LINE_ENDS}`);
  }
  return {
    lock,
    where: { lockName, index: `${origin}${named.base}/simple/` },
    narrowed,
    repository: named.repository,
    explain: named.explain,
  };
}

/** The addresses by which a lock file may name this index, which is asked at `origin`. */
function addressesOf(named: NamedIndex, origin: string): IndexAddresses {
  const pages = ["simple", "find-links"];
  const own = rootsOf(named, origin).flatMap((root) => pages.map((page) => new URL(`${root}/${page}/`)));
  return { own, upstreams: named.upstreams };
}

/** The addresses of an index that is asked at `origin`, without final slashes: the public one first, where it is configured. */
export const rootsOf = (
  { base, publicUrl }: Pick<NamedIndex, "base" | "publicUrl">,
  origin: string,
): readonly string[] => [...new Set(publicUrl === "" ? [origin] : [publicUrl, origin])].map((root) => root + base);

/** The usual reason why a lock seems empty: without line ends, a requirements file is one comment. */
const LINE_ENDS = "If curl sent it: --data-binary keeps its line ends, -d does not.";

/** The answer where the parameter `filename` is missing. */
export const NO_FILENAME =
  "The name of the lock file is missing; it says which format it has: ?filename=uv.lock, or poetry.lock, pdm.lock, Pipfile.lock, pylock.toml, pixi.lock, requirements.lock, requirements.txt.";
