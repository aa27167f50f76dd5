import type { Context as HonoContext } from "hono";
import type { ResolvedLock } from "../../locks/resolve.ts";
import { wheelhouse } from "../../locks/wheelhouse.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { readWanted, type NamedIndex } from "./lock.ts";

/** A header may have so many characters. */
const MAX_NAMES = 4_000;

/** Answers with one tar of the files that a lock asks for; a header names what it has from elsewhere, which is not in it. */
export async function answerWheelhouse(c: HonoContext<AppEnv>, indexes: readonly NamedIndex[]) {
  const wanted = await readWanted(c, indexes);
  const { size, body } = await wheelhouse(wanted, c.var.ctx);
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
  // A path or a URL may have other characters, which no header can have.
  const text = names.toWellFormed().replace(/[^ -~]/gu, encodeURIComponent);
  return text.length > MAX_NAMES ? `${text.slice(0, MAX_NAMES)}...` : text;
}
