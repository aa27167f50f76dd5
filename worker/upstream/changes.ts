import { isUpstreamFailure, messageOf, upstreamFailed } from "../errors.ts";
import { printable } from "../pypi/text.ts";
import type { ChangeLog } from "../repository/ports/change-log.ts";
import { readInTime, type UpstreamClient } from "./client.ts";
import { readChanges, readSerial, type Other } from "./parse-changes.ts";
import { bounded } from "./retry-after.ts";
import { callOf } from "./xml-rpc.ts";

/** A day's changes have some 20 MB, and nobody waits for them. Milliseconds. */
const BODY_DEADLINE = 60_000;

const HEADERS = { "Content-Type": "text/xml", Accept: "text/xml", "Accept-Encoding": "gzip" };

/** Servers that know XML-RPC, but not this method, say so in one of these ways. */
const NO_SUCH_METHOD = /(?:unknown|no such) method/i;
const METHOD = /method\b/i;
const NOT_KNOWN = /\b(?:not|un)\s*(?:found|known|supported)/i;

/** PyPI says so in a fault, its answer's status being 200. */
const TOO_MANY = /Limit may reset in (\d{1,9}) second/;

/** An index's log of changes, as PyPI gives it over XML-RPC. `index` is its Simple API root, ending in `/`. */
export function changesAt(index: URL, client: UpstreamClient): ChangeLog {
  const url = new URL("../pypi", index);

  async function ask<T>(
    call: string,
    read: (body: ReadableStreamDefaultReader<Uint8Array>) => Promise<T | Other>,
  ): Promise<Exclude<T, Other> | null> {
    const answer = await client.post(url, HEADERS, call);
    if (!answer) return null;
    try {
      const got = await readInTime(answer.response, BODY_DEADLINE, read);
      return isOther(got) ? noneOrFailed(got, url.host) : (got as Exclude<T, Other>);
    } catch (error) {
      throw isUpstreamFailure(error) ? error : upstreamFailed(url.host, messageOf(error), error);
    }
  }

  return {
    lastSerial: () => ask(callOf("changelog_last_serial"), readSerial),
    since: (serial) => ask(callOf("changelog_since_serial", serial), (body) => readChanges(body, serial)),
  };
}

const isOther = (got: unknown): got is Other =>
  got === "no-xml" || (typeof got === "object" && got !== null && "kind" in got && got.kind === "fault");

/** Two searches, one behind the other: in one expression each "method" would be tried with all that follows it. */
function saysUnknown(text: string): boolean {
  const method = METHOD.exec(text);
  return NO_SUCH_METHOD.test(text) || (method !== null && NOT_KNOWN.test(text.slice(method.index)));
}

/** null where what came says that there is no log here; else it is a failure. */
function noneOrFailed(got: Other, host: string): null {
  if (got === "no-xml" || got.code === "-32601" || saysUnknown(got.text)) return null;
  const seconds = TOO_MANY.exec(got.text)?.[1];
  const reason = `its log answers with fault ${printable(got.code.slice(0, 20))}: ${printable(got.text.slice(0, 200))}`;
  throw upstreamFailed(host, reason, undefined, seconds === undefined ? undefined : bounded(Number(seconds)));
}
