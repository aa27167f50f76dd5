import type { Context as HonoContext } from "hono";
import { IndexError } from "../../errors.ts";
import type { LockAndIndex } from "../../locks/formats/choose.ts";
import { resolveLock, type LockRequest, type ResolvedLock } from "../../locks/resolve.ts";
import { wheelhouse } from "../../locks/wheelhouse.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { namesUpTo } from "../../pypi/names-up-to.ts";

/** Limit of the header's value. Characters. */
const MAX_HEADER_LENGTH = 4_000;

/** The most names that a sentence lists. */
const SHOWN = 10;

/**
 * Answers with a tar of the files that a lock asks for. The `X-Elsewhere` header names the packages that come from
 * elsewhere and are not in it, and `X-Unfit` those of which no file fits the Python and platform.
 *
 * @throws what `resolveLock` and `wheelhouse` throw, and `unprocessable` where no file would be in it
 */
export async function answerWheelhouse(c: Pick<HonoContext<AppEnv>, "get">, asked: LockRequest, pipe: MakePipe) {
  const wanted = await resolveLock(asked, c.get("ctx"));
  assertSome(wanted, asked.where);
  const { size, body } = await wheelhouse(wanted, pipe, c.get("ctx"));
  return new Response(body, {
    headers: {
      "Content-Type": "application/x-tar",
      "Content-Length": String(size),
      "Content-Disposition": 'attachment; filename="wheelhouse.tar"',
      ...(wanted.elsewhere.length > 0 && { "X-Elsewhere": headerOf(elsewhereOf(wanted)) }),
      ...(wanted.unfit.length > 0 && { "X-Unfit": headerOf(wanted.unfit) }),
      ...LIFETIMES.live,
    },
  });
}

/** Throws where packages are asked of an index, and none of their files is to be had here: an install would fail, far from here. */
function assertSome({ files, unfit, otherIndexes }: ResolvedLock, { lockName, index }: LockAndIndex): void {
  if (files.length > 0) return;
  const others = otherIndexes.slice(0, SHOWN).map((other) => `${namesUpTo(other.packages, SHOWN)} from ${other.index}`);
  const reasons = [
    ...(others.length > 0 ? [`the lock has ${others.join(", ")}, and not from ${index}`] : []),
    ...(unfit.length > 0 ? [`no file of ${namesUpTo(unfit, SHOWN)} fits that Python and platform`] : []),
  ];
  if (reasons.length === 0) return;
  throw new IndexError("unprocessable", `${lockName}: no file would be in the wheelhouse: ${reasons.join("; ")}.`);
}

/** Names, each with the index that the lock has it from, if any: `corp (https://pkgs.corp.example/simple), tool`. */
function elsewhereOf({ elsewhere, otherIndexes }: ResolvedLock): string[] {
  const indexes = new Map(
    otherIndexes.flatMap(({ index, packages }) => packages.map((name) => [name, index] as const)),
  );
  return elsewhere.map((name) => (indexes.has(name) ? `${name} (${indexes.get(name)})` : name));
}

function headerOf(names: readonly string[]): string {
  // Paths and URLs may contain characters that are not allowed in a header.
  const text = names
    .join(", ")
    .toWellFormed()
    .replace(/[^ -~]/gu, encodeURIComponent);
  return text.length > MAX_HEADER_LENGTH ? `${text.slice(0, MAX_HEADER_LENGTH)}...` : text;
}
