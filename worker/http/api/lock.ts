import type { Context as HonoContext } from "hono";
import { badRequest, IndexError } from "../../errors.ts";
import { foreignTo, type IndexAddresses } from "../../locks/formats/addresses.ts";
import { narrowing } from "../../locks/formats/narrow.ts";
import { readLock } from "../../locks/formats/read.ts";
import { shown } from "../../locks/formats/text.ts";
import type { Repository } from "../../repository/repository.ts";
import { resolveLock, type ResolvedLock } from "../../locks/resolve.ts";
import type { AppEnv } from "../context.ts";
import { readBody } from "./body.ts";
import { parametersOf } from "./parameters.ts";

/** Larger lock files are not read: the largest known have some two thirds of it. Bytes. */
const MAX_LOCK = 3 * 1024 ** 2;

const PARAMETERS = ["filename", "index", "python", "platform"] as const;

/** An index as the API names it. */
export interface NamedIndex {
  readonly name: string;
  /** What its addresses begin with: empty, or a slash and its name. */
  readonly base: string;
  readonly repository: Repository;
  readonly upstreams: IndexAddresses["upstreams"];
  /** The address that people use, as the configuration has it: without a final slash, or empty. */
  readonly publicUrl: string;
}

/**
 * The files that the lock in a request's body asks for, all of them checked. Nothing has been queued or stored of them.
 *
 * @throws `bad-request` for the query, `too-large`, `unprocessable` and `upstream-failed` for what the lock asks for
 */
export async function readWanted(c: HonoContext<AppEnv>, indexes: readonly NamedIndex[]): Promise<ResolvedLock> {
  const { filename, index = "default", python, platform } = parametersOf(c.req.url, PARAMETERS);
  if (!filename) throw badRequest(NO_FILENAME);
  const named = indexes.find(({ name }) => name === index);
  if (!named) {
    const names = indexes.map(({ name }) => name).join(", ");
    throw badRequest(`There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}.`);
  }
  const narrowed = narrowing(python, platform);
  const bytes = await readBody(c.req.raw, MAX_LOCK, "The lock file");
  const { origin } = new URL(c.req.url);
  const lock = readLock(filename, bytes, foreignTo(addressesOf(named, origin)));
  const lockName = shown(filename.split(/[/\\]/).at(-1));
  if (lock.packages.length + lock.elsewhere.length === 0) {
    throw new IndexError("unprocessable", `${lockName} locks no package. ${LINE_ENDS}`);
  }
  return resolveLock(
    {
      lock,
      where: {
        lockName,
        index: `${origin}${named.base}/simple/`,
      },
      narrowed,
      repository: named.repository,
    },
    c.var.ctx,
  );
}

/** By what a lock can mean this index, which is asked at `origin`. */
function addressesOf({ base, upstreams, publicUrl }: NamedIndex, origin: string): IndexAddresses {
  const roots = publicUrl === "" ? [origin] : [origin, publicUrl];
  const pages = ["simple", "find-links"];
  return { own: roots.flatMap((root) => pages.map((page) => new URL(`${root}${base}/${page}/`))), upstreams };
}

/** The usual reason: all lines of requirements are then one comment. */
const LINE_ENDS = "If curl sent it: --data-binary keeps its line ends, -d does not.";

const NO_FILENAME =
  "The name of the lock file is missing; it says which format it has: ?filename=uv.lock, or poetry.lock, pdm.lock, Pipfile.lock, pylock.toml, requirements.txt.";
