import { MINUTE } from "../duration.ts";
import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { printable } from "../pypi/text.ts";
import type { ChangeLog } from "../repository/ports/change-log.ts";
import { readInTime, type UpstreamClient } from "./client.ts";
import { readChanges, readSerial, type OtherAnswer } from "./parse-changes.ts";
import { boundedRetryAfter } from "./retry-after.ts";
import { xmlRpcCall } from "./xml-rpc.ts";

/** The changes of one day have some 20 MB, and no client waits for them. Milliseconds. */
const BODY_DEADLINE = MINUTE;

const HEADERS = { "Content-Type": "text/xml", Accept: "text/xml", "Accept-Encoding": "gzip" };

/** How servers with XML-RPC say in a fault that they do not have this method. */
const NO_SUCH_METHOD = /(?:unknown|no such) method/i;
const METHOD = /method\b/i;
const NOT_KNOWN = /\b(?:not|un)\s*(?:found|known|supported)/i;

/** PyPI's rate limit: a fault with this text, in an answer with status 200. */
const TOO_MANY = /Limit may reset in (\d{1,9}) second/;

/** An upstream's change log over PyPI's XML-RPC. `index` is the upstream's Simple API root, ending in `/`. */
export function changesAt(index: URL, client: UpstreamClient): ChangeLog {
  const url = new URL("../pypi", index);

  async function ask<T>(
    call: string,
    read: (body: ReadableStreamDefaultReader<Uint8Array>) => Promise<T | OtherAnswer>,
  ): Promise<Exclude<T, OtherAnswer> | null> {
    const answer = await client.post(url, HEADERS, call);
    if (!answer) return null;
    try {
      const got = await readInTime(answer.response, BODY_DEADLINE, read);
      return isOther(got) ? noneOrFailed(got, url.host) : (got as Exclude<T, OtherAnswer>);
    } catch (error) {
      throw isUpstreamFailure(error) ? error : upstreamFailed(url.host, messageOf(error), error);
    }
  }

  return {
    lastSerial: () => ask(xmlRpcCall("changelog_last_serial"), readSerial),
    since: (serial) => ask(xmlRpcCall("changelog_since_serial", serial), (body) => readChanges(body, serial)),
  };
}

const isOther = (got: unknown): got is OtherAnswer =>
  got === "no-xml" || (typeof got === "object" && got !== null && "kind" in got && got.kind === "fault");

/** Two searches, one after the other: a single expression would take quadratic time on a text with many "method". */
function saysUnknown(text: string): boolean {
  const method = METHOD.exec(text);
  return NO_SUCH_METHOD.test(text) || (method !== null && NOT_KNOWN.test(text.slice(method.index)));
}

/** null where the answer says that this upstream has no change log. Throws `upstream-failed` for any other fault. */
function noneOrFailed(got: OtherAnswer, host: string): null {
  if (got === "no-xml" || got.code === "-32601" || saysUnknown(got.text)) return null;
  const seconds = TOO_MANY.exec(got.text)?.[1];
  const reason = `its change log answered with fault ${printable(got.code.slice(0, 20))}: ${printable(got.text.slice(0, 200))}`;
  throw upstreamFailed(host, reason, undefined, seconds === undefined ? undefined : boundedRetryAfter(Number(seconds)));
}
