import type { FillMessage } from "../../schema/fill.ts";
import type { FillQueue } from "../repository/ports.ts";

/** One source's way into the queue whose consumer stores large files. */
export function fillQueue(queue: Queue<FillMessage>, source: string): FillQueue {
  return {
    async send({ origin, path, part }) {
      await queue.send({ source, file: `${origin}/${path}`, part }, { contentType: "json" });
    },
  };
}
