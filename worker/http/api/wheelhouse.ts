import type { Context as HonoContext } from "hono";
import { resolveLock, type LockRequest, type ResolvedLock } from "../../locks/resolve.ts";
import { wheelhouse } from "../../locks/wheelhouse.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";

/** Limit of the header's value. Characters. */
const MAX_HEADER_LENGTH = 4_000;

/**
 * Answers with a tar of the files that a lock asks for. The `X-Elsewhere` header names the packages that come from
 * elsewhere and are not in it.
 */
export async function answerWheelhouse(c: Pick<HonoContext<AppEnv>, "get">, asked: LockRequest, pipe: MakePipe) {
  const wanted = await resolveLock(asked, c.get("ctx"));
  const { size, body } = await wheelhouse(wanted, pipe, c.get("ctx"));
  return new Response(body, {
    headers: {
      "Content-Type": "application/x-tar",
      "Content-Length": String(size),
      "Content-Disposition": 'attachment; filename="wheelhouse.tar"',
      ...(wanted.elsewhere.length > 0 && { "X-Elsewhere": elsewhereOf(wanted) }),
      ...LIFETIMES.live,
    },
  });
}

/** Names, each with the index that the lock has it from, if any: `corp (https://pkgs.corp.example/simple), tool`. */
function elsewhereOf({ elsewhere, otherIndexes }: ResolvedLock): string {
  const indexes = new Map(
    otherIndexes.flatMap(({ index, packages }) => packages.map((name) => [name, index] as const)),
  );
  const names = elsewhere.map((name) => (indexes.has(name) ? `${name} (${indexes.get(name)})` : name)).join(", ");
  // Paths and URLs may contain characters that are not allowed in a header.
  const text = names.toWellFormed().replace(/[^ -~]/gu, encodeURIComponent);
  return text.length > MAX_HEADER_LENGTH ? `${text.slice(0, MAX_HEADER_LENGTH)}...` : text;
}
