import { IndexError, messageOf } from "../errors.ts";
import { isPublic } from "../pypi/host.ts";
import type { Context } from "../repository/context.ts";
import type { Allowance, NewBytes } from "../repository/ports/allowance.ts";
import type { Counters } from "../repository/ports/counters.ts";
import { networkOf } from "./attempts.ts";
import type { Authenticate, Credentials } from "./authenticate.ts";
import { SOME_INDEX } from "./principal.ts";

/** What ceilings need. */
export interface AllowanceParts {
  readonly authenticate: Authenticate;
  /** Counts requests for what is not stored, by network: 1,000 a minute, for example. */
  readonly ofNetwork: { limit(call: { key: string }): Promise<{ success: boolean }> };
  readonly newBytes: NewBytes;
  /** Bytes that requests without a token may have stored in a day; 0: no limit. */
  readonly bytesADay: number;
  readonly counters: Counters;
}

/**
 * Makes the allowance of one request.
 *
 * @param senderOf is called only where something is not stored
 */
export type AllowanceFor = (senderOf: () => Credentials, ctx: Context) => Allowance;

/**
 * What anything counts as at least: a page or document costs a write and rows beside its bytes. Also bounds how many there can
 * be in a day.
 */
const LEAST_BYTES = 64 * 1024;

const countedOf = (bytes: number) => Math.max(bytes, LEAST_BYTES);

/**
 * Short, because pip waits for that long, five times. A network's period ends within a minute; a day's ceiling does not, but no
 * client is to hang for hours.
 */
const RETRY_AFTER_SECONDS = 60;

/**
 * Ceilings for what strangers have fetched: for each network by the minute, and for all of them together by the day. The holder
 * of a valid token, and a client in a private network, has none and is not counted.
 */
export function allowances(parts: AllowanceParts): AllowanceFor {
  const { authenticate, ofNetwork, newBytes, bytesADay, counters } = parts;

  async function isHolder(sender: Credentials, ctx: Context): Promise<boolean> {
    if (sender.authorization === undefined && sender.session === undefined) return false;
    try {
      await authenticate(sender, { scope: "read", index: SOME_INDEX }, ctx);
      return true;
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      // A token for something else than reading is a valid token.
      return error.kind === "not-allowed";
    }
  }

  /** Without the limiter nothing is refused, as without the database. */
  async function isWithin(network: string, ctx: Context): Promise<boolean> {
    try {
      return (await ofNetwork.limit({ key: network })).success;
    } catch (error) {
      ctx.report({ event: "storage-failed", what: "the rate limiter", reason: messageOf(error) });
      return true;
    }
  }

  async function isDayFull(ctx: Context): Promise<boolean> {
    if (bytesADay === 0) return false;
    try {
      return (await newBytes.ofTheDay(ctx.now)) >= bytesADay;
    } catch (error) {
      // Without the database nothing is refused: an outage of it must not stop installs.
      ctx.report({ event: "storage-failed", what: "the bytes of the day", reason: messageOf(error) });
      return false;
    }
  }

  async function admit(sender: Credentials, ctx: Context): Promise<boolean> {
    if (isNear(sender.origin) || (await isHolder(sender, ctx))) return true;
    // Where the address is not known, strangers cannot be told apart.
    const network = networkOf(sender.origin);
    if (network !== "" && !(await isWithin(network, ctx))) throw refuse("network", OF_NETWORK);
    if (await isDayFull(ctx)) throw refuse("day", OF_DAY);
    return false;
  }

  function refuse(limit: "network" | "day", sentence: string): IndexError {
    counters.add("refusedFills", { limit });
    return new IndexError("too-many-requests", sentence, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  const allowanceFor: AllowanceFor = (senderOf, ctx) => {
    let asked: Promise<boolean> | undefined;
    const add = (bytes: number) => {
      const note = async () => {
        if (bytesADay > 0 && !(await asked)) newBytes.add(bytes, ctx.now);
      };
      ctx.defer(note());
    };
    return {
      async admit() {
        await (asked ??= admit(senderOf(), ctx));
      },
      stored: (bytes) => add(countedOf(bytes)),
      storing(bytes) {
        const counted = countedOf(bytes);
        add(counted);
        return (stored) => add((stored === 0 ? 0 : countedOf(stored)) - counted);
      },
      another: () => allowanceFor(senderOf, ctx),
    };
  };
  return allowanceFor;
}

/** Whether the sender is in a network of the operator's own: loopback, a private address. */
const isNear = (origin: string) => origin !== "" && !isPublic(origin.includes(":") ? `[${origin}]` : origin);

const OF_NETWORK =
  "Too much that is not stored here was asked for from this network. What is stored is served; for the rest wait for a minute, or use a token.";

const OF_DAY =
  "What may be stored in a day for requests without a token has been stored. What is stored is served; for the rest wait until midnight (UTC), or use a token.";
