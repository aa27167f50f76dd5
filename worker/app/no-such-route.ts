import { createMiddleware } from "hono/factory";
import { indexName, type IndexConfig } from "../../schema/indexes.ts";
import { IndexError } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { pathAfter, prefixOf } from "../http/path.ts";

/** What every index has below its name. */
const BELOW_AN_INDEX = /^\/([^/]+)\/(?:simple|legacy|files|project|search|-)(?:\/|$)/;

/** Characters of an address that a sentence repeats. */
const MAX_SHOWN = 200;

/** What addresses can be wrong by. */
interface Here {
  readonly indexes: readonly Pick<IndexConfig, "name">[];
  /** The public address without a final slash; empty where it is not configured. */
  readonly publicUrl: string;
}

/** The error for an address at which there is nothing, with what is wrong with it. */
export function noSuchRoute(path: string, here: Here): IndexError {
  const fault = faultIn(path, here) ?? "There is nothing at this address";
  return new IndexError("no-such-route", `${fault}; the indexes here are listed at /.`);
}

/** The error for an address below the API of an index at which there is nothing, whatever it is asked for. */
export const noSuchIndexApi = (path: string, base: string): IndexError =>
  new IndexError(
    "no-such-route",
    `There is nothing at ${path.slice(0, MAX_SHOWN)}; POST is offered at ${base}/-/api/warm, ${base}/-/api/wheelhouse, ${base}/-/api/lock/local and ${base}/-/api/lock/canonical. /-/api/openapi.json describes all there is.`,
  );

/** What is wrong with an address, whatever it is asked for; undefined where that cannot be told. Without a full stop. */
function faultIn(path: string, { indexes, publicUrl }: Here): string | undefined {
  const prefix = publicUrl === "" ? "" : prefixOf(new URL(publicUrl));
  if (prefix !== "" && pathAfter(prefix, path) !== undefined)
    return `There is nothing at this address. It begins with ${prefix}, the path of PUBLIC_URL, which the proxy in front of pypi-edge must take away (nginx: proxy_pass with a slash at its end)`;
  if (path.includes("//")) return "There is nothing at this address, which has two slashes in a row";
  const [, name = ""] = BELOW_AN_INDEX.exec(path) ?? [];
  const meant = indexName.safeParse(name.toLowerCase()).data;
  if (meant === undefined || indexes.some((index) => index.name === name)) return undefined;
  const isHere = indexes.some((index) => index.name === meant);
  return `There is no index "${name}" here${isHere ? `, but "${meant}"` : ""}`;
}

/** Tells an upload to a wrong address what is wrong with that, and not that only its method is. */
export const indexOrNothing = (here: Here) =>
  createMiddleware<AppEnv>((c, next) => {
    if (c.req.method === "POST" && faultIn(c.req.path, here) !== undefined) throw noSuchRoute(c.req.path, here);
    return next();
  });
