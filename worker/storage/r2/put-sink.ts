import type { Objects, PutOptions } from "../../platform/objects.ts";
import type { Pipe } from "../../platform/pipe.ts";
import type { FileSink } from "../../repository/ports/files.ts";
import { StoreConflict } from "../../repository/sinks.ts";

/** One put of known length that is written as bytes arrive. */
export function putInto(r2: Objects, key: string, { readable, writable }: Pipe, options: PutOptions): FileSink {
  const writer = writable.getWriter();
  const conditionalPut = async () => {
    if (!(await r2.put(key, readable, options))) throw new StoreConflict();
  };
  const put = conditionalPut();
  // A failed put stops reading: without this abort, a write would wait for ever.
  const ended = put.catch((error: unknown) => writer.abort(error).catch(() => undefined));
  return {
    write: (chunk) => writer.write(chunk),
    async commit() {
      // The put's error has the reason; the writer's has not.
      await Promise.allSettled([writer.close(), ended]);
      await put;
    },
    async abort(reason) {
      await writer.abort(reason).catch(() => undefined);
      await ended;
    },
  };
}
