import { MINUTE } from "../duration.ts";
import { messageOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { render, reportBroken, SHAPES, type Shape, type Take } from "../repository/list-shapes.ts";
import { ROOT_LISTING, type Marks } from "../repository/ports/freshness.ts";
import type { ListStore } from "../repository/ports/pages.ts";
import { entriesIn, type ProjectList } from "../repository/project-list.ts";
import { clientSink, optionalSink, type Sink } from "../repository/sinks.ts";

export interface ListingParts {
  readonly lists: ListStore;
  /** Marks that the listing is being stored, so that requests at the same time store it once. In memory only. */
  readonly storing: Marks;
}

/** For this long no other request of the isolate stores a listing; the first one is given up then. Milliseconds. */
const CLAIM_TTL = MINUTE;

/** How the listing is named in reports. */
export const THE_LISTING = "the root listing";

/** The same listing, which is stored in both shapes while it is read; where it is already being stored, it is only read. */
export function storedWhileRead(list: ProjectList, parts: ListingParts, ctx: Context): ProjectList {
  const open = async (shape: Shape) => {
    if (!claimed(parts, ctx)) return list.content.open(shape);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const client = { shape, sink: optionalSink(clientSink(writable), () => undefined) };
    ctx.defer(storeListing(list, parts, ctx, client).catch((error: unknown) => reportBroken(error, ctx)));
    return readable;
  };
  async function* entries() {
    yield* entriesIn(await open("json"));
  }
  return list.with({ isStored: false, open, entries, cancel: () => list.cancel() });
}

/** Claims the storing of the listing; false where another request of the isolate is storing it. */
export function claimed({ storing }: ListingParts, ctx: Context): boolean {
  if (storing.get(ROOT_LISTING, ctx.now)) return false;
  storing.set(ROOT_LISTING, true, 0, ctx.now + CLAIM_TTL);
  return true;
}

/**
 * Reads a listing once, stores it in both shapes, and hands one of them to a client. The claim ends with it. Rejects where
 * the listing does not arrive: then nothing is stored, and the client sees a broken transfer. A store that fails is
 * reported and does not harm the client.
 *
 * @returns whether it is stored
 */
export async function storeListing(
  list: ProjectList,
  { lists, storing }: ListingParts,
  ctx: Context,
  client?: { readonly shape: Shape; readonly sink: Sink },
): Promise<boolean> {
  const store = lists.create(list.head);
  let isStoring = true;
  const attempt = async (step: () => Promise<void>) => {
    if (!isStoring) return;
    try {
      await step();
    } catch (error) {
      isStoring = false;
      await store.abort().catch(() => undefined);
      ctx.report({ event: "storage-failed", what: THE_LISTING, reason: messageOf(error) });
    }
  };
  const taking = (shape: Shape): Take => {
    const own = client?.shape === shape ? client.sink : undefined;
    return async (bytes) => {
      await Promise.all([attempt(() => store.write(shape, bytes)), own?.write(bytes)]);
      if (!isStoring && client?.sink.left !== false) throw new Left();
    };
  };
  try {
    await render(
      SHAPES.map((shape) => [shape, taking(shape)] as const),
      list.entries(),
      list.head.serial,
    );
    await attempt(() => store.commit());
    // Only now, so that the client's next request finds it stored.
    await client?.sink.commit();
    return isStoring;
  } catch (error) {
    const failed = error instanceof Error ? error : new Error(String(error));
    await Promise.allSettled([list.cancel(), store.abort(), client?.sink.abort(failed)]);
    if (error instanceof Left) return false;
    throw error;
  } finally {
    storing.delete(ROOT_LISTING);
  }
}

/** Thrown where neither the client nor the store accepts more bytes. */
class Left extends Error {}
