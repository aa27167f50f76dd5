import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { rootHtml } from "../pypi/simple-html.ts";
import { rootJson, type RootEntry } from "../pypi/simple-json.ts";
import type { Context } from "./context.ts";
import { giveWay } from "./give-way.ts";
import { clientSink } from "./sinks.ts";

/** The forms of a root listing: PEP 691 JSON with one line for each project, PEP 503 HTML, and the names alone, one a line. */
export const SHAPES = ["json", "html", "names"] as const;
export type Shape = (typeof SHAPES)[number];

/** Batches of projects, as they arrive or are read. */
export type RootBatches = AsyncIterable<readonly RootEntry[]>;

/** Names that are all in memory, as batches. */
export async function* inBatches(names: readonly ProjectName[]): AsyncGenerator<readonly RootEntry[]> {
  for (let at = 0; at < names.length; at += STRIDE) yield names.slice(at, at + STRIDE).map((name) => ({ name }));
}

/** Takes bytes over, and resolves when it can take more. */
export type Take = (bytes: Uint8Array) => Promise<unknown>;

/** How many projects are rendered before other requests may run: some milliseconds' work. */
const STRIDE = 2_000;

/**
 * Reads a listing once and renders it in these shapes, each gzipped. Reads no faster than all of them are taken, so that
 * what is held in memory does not grow with the listing. Rejects as the batches or a `Take` do.
 *
 * @param serial of the whole listing
 */
export async function render(
  wanted: readonly (readonly [Shape, Take])[],
  batches: RootBatches,
  serial: number | undefined,
): Promise<void> {
  const outputs = wanted.map(([shape, take]) => ({ ...RENDERERS[shape](serial), gzip: gzipTo(take) }));
  let since = 0;
  try {
    await Promise.all(outputs.map(({ gzip, opening }) => gzip.write(opening)));
    for await (const entries of batches) {
      await Promise.all(outputs.map(({ gzip, batch }) => gzip.write(batch(entries))));
      since += entries.length;
      if (since < STRIDE) continue;
      since = 0;
      await giveWay();
    }
    await Promise.all(outputs.map(({ gzip, closing }) => gzip.end(closing)));
  } catch (error) {
    await Promise.allSettled(outputs.map(({ gzip }) => gzip.abort()));
    throw error;
  }
}

/**
 * One shape of a listing, gzipped, made as it is read. Where the batches fail, the stream breaks off.
 *
 * @param giveUp gives up what the batches are read from
 */
export function shaped(
  shape: Shape,
  batches: RootBatches,
  serial: number | undefined,
  giveUp: () => Promise<unknown>,
  ctx: Context,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const client = clientSink(writable);
  let left = false;
  const take: Take = (bytes) =>
    client.write(bytes).catch((error: unknown) => {
      left = true;
      throw error;
    });
  const work = render([[shape, take]], batches, serial).then(
    () => client.commit(),
    async (error: Error) => {
      await Promise.allSettled([giveUp(), client.abort(error)]);
      if (!left) reportBroken(error, ctx);
    },
  );
  ctx.defer(work);
  return readable;
}

/** Tells the operator that a listing broke off after its answer had begun. */
export function reportBroken(error: unknown, ctx: Context): void {
  const isUpstreams = isUpstreamFailure(error);
  ctx.report({
    event: isUpstreams ? "upstream-failed" : "storage-failed",
    what: "the root listing, broken off",
    reason: isUpstreams ? reasonOf(error) : messageOf(error),
  });
}

/** A shape's text; lines are separated across batches. */
const RENDERERS: Record<Shape, (serial: number | undefined) => Renderer> = {
  json(serial) {
    let separator = "";
    return {
      opening: rootJson.opening(serial),
      batch(entries) {
        if (entries.length === 0) return "";
        const lines = separator + entries.map(rootJson.project).join(",\n");
        separator = ",\n";
        return lines;
      },
      closing: rootJson.closing,
    };
  },
  html: () => ({
    opening: rootHtml.opening,
    batch: (entries) => entries.map(({ name }) => rootHtml.project(name)).join(""),
    closing: rootHtml.closing,
  }),
  names: () => ({
    opening: "",
    batch: (entries) => entries.map(({ name }) => `${name}\n`).join(""),
    closing: "",
  }),
};

interface Renderer {
  readonly opening: string;
  readonly batch: (entries: readonly RootEntry[]) => string;
  readonly closing: string;
}

/** Gzips text. A write resolves once what is known of the gzipped bytes has been taken. */
function gzipTo(take: Take) {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let taking: Promise<unknown> = Promise.resolve();
  const drained = (async () => {
    for await (const chunk of readable) await (taking = take(chunk));
  })();
  // It is awaited at the end; until then each write rejects with it.
  drained.catch(() => undefined);
  const written = async (step: Promise<void>) => {
    step.catch(() => undefined);
    await Promise.race([step, drained]);
    await taking;
  };
  return {
    write: async (text: string) => (text === "" ? undefined : written(writer.write(encoder.encode(text)))),
    async end(text: string) {
      await written(writer.write(encoder.encode(text)));
      writer.close().catch(() => undefined);
      await drained;
    },
    abort: () => writer.abort(),
  };
}
