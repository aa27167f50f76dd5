import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { answerTo, type RawAnswer } from "../../../support/node/raw-http.ts";
import type { Recorded } from "./requests.ts";

/** A server, with what it has told in answers: tokens and ids, which each server makes for itself. */
export interface Told {
  readonly port: number;
  readonly known: Map<string, string>;
}

/** Headers that may differ: of the connection, of the time, and the id and the durations that each answer has. */
const MAY_DIFFER = new Set(["date", "connection", "keep-alive", "transfer-encoding", "x-request-id", "server-timing"]);

/** Sends it, and learns from the answer. */
export async function answerOf(server: Told, { text, cut, learn, warm }: Recorded): Promise<RawAnswer> {
  const filled = [...server.known].reduce((all, [name, value]) => all.replaceAll(`{${name}}`, value), text);
  let answer = await answerTo(server.port, filled, { cut });
  for (let left = warm ? 20 : 0; left > 0 && isFetched(answer); left -= 1) {
    await pause(50);
    answer = await answerTo(server.port, filled, { cut });
  }
  for (const [name, member] of Object.entries(learn)) {
    const told = (JSON.parse(answer.body.toString()) as Record<string, unknown>)[member];
    if (typeof told !== "string") throw new Error(`No ${member} in ${answer.status} ${answer.body.toString()}`);
    server.known.set(name, told);
  }
  return answer;
}

const isFetched = ({ headers }: RawAnswer) => headers.some(([, value]) => value.includes("fwd=miss"));

/** The ETag of a root listing has those of its objects, and each store has its own way to make that. */
const OBJECT = /(?<![\da-f])[\da-f]{16}(?:[\da-f]{16})?(?![\da-f])/g;

const isChunked = ({ headers }: RawAnswer) => headers.some(([name]) => name === "transfer-encoding");

/**
 * An answer as lines, without what may differ. Here a stream that ends at once has a length, where workerd sends chunks:
 * the length is not compared where either does.
 */
export function comparable(answer: RawAnswer, { known }: Told, other: RawAnswer): string[] {
  const { status, reason, headers, body, isWhole } = answer;
  const coding = headers.find(([name]) => name === "content-encoding")?.[1];
  // Two compressors may write the same text differently.
  const bytes = coding === "gzip" && body.length > 0 ? gunzipSync(body) : body;
  const hasOwnLength = coding === "gzip" || isChunked(answer) || isChunked(other);
  const shown = headers
    .filter(([name]) => !MAY_DIFFER.has(name) && !(name === "content-length" && hasOwnLength))
    .map(([name, value]) => `${name}: ${neutral(name === "etag" ? value.replace(OBJECT, "{object}") : value, known)}`);
  return [
    `${status} ${reason}${isWhole ? "" : " (broken off)"}`,
    ...shown.toSorted(),
    "",
    ...neutral(bytes.toString("latin1"), known).split("\n"),
  ];
}

/** Without what each server makes for itself, and without times. */
function neutral(text: string, known: ReadonlyMap<string, string>): string {
  const named = [...known].reduce((all, [name, value]) => all.replaceAll(value, `{${name}}`), text);
  return (
    named
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g, "{time}")
      .replaceAll(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g, "{time}")
      // Of indexes that have times in the place of serials.
      .replaceAll(/(?<!\d)1\d{12}(?!\d)/g, "{time}")
      .replaceAll(/detail=(?:memory|kv|r2)/g, "detail=stored")
  );
}
