import { SECOND } from "../duration.ts";
import { connectionReason } from "../errors.ts";
import type { Fetch } from "../platform/platform.ts";
import type { Notice, Receiver } from "../repository/ports/notices.ts";
import { inTime } from "../repository/timeout.ts";
import { signatureOf } from "./signature.ts";

/** A receiver answers before it acts, as webhooks do. Milliseconds. */
const TIMEOUT = 10 * SECOND;

interface ReceiverParts {
  readonly url: URL;
  readonly secret: string;
  /** undefined: all. */
  readonly events: ReadonlySet<string> | undefined;
}

/** A receiver that is told of events over HTTP. No redirect is followed, and nothing of its answer is read but the status. */
export const receiverAt = ({ url, secret, events }: ReceiverParts, fetch: Fetch): Receiver => ({
  url: url.href,
  host: url.host,
  wants: (event) => events?.has(event) ?? true,
  async send(notice, now) {
    const abort = new AbortController();
    try {
      const answer = await inTime(
        TIMEOUT,
        `it did not answer within ${TIMEOUT / SECOND} seconds`,
        fetch(url, { ...(await requestOf(notice, secret, now)), signal: abort.signal }),
      );
      await answer.body?.cancel();
      const { status } = answer;
      return status >= 200 && status < 300 ? undefined : `it answered ${status}`;
    } catch (error) {
      // Messages of platforms may have the address, which may be a secret.
      return connectionReason(error).replaceAll(url.href, url.host);
    } finally {
      abort.abort();
    }
  },
});

async function requestOf(notice: Notice, secret: string, now: number) {
  const body = JSON.stringify(notice);
  const timestamp = String(Math.floor(now / SECOND));
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "User-Agent": "pypi-edge",
      "X-Pypi-Edge-Id": notice.id,
      "X-Pypi-Edge-Timestamp": timestamp,
      "X-Pypi-Edge-Signature": `sha256=${await signatureOf(`${timestamp}.${body}`, secret)}`,
    },
    body,
    redirect: "manual",
  } as const;
}
