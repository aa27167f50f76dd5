import { SECOND } from "../duration.ts";
import type { TokenRights } from "./ports.ts";
import type { Principal } from "./principal.ts";

/** If more were right, the one that was first is dropped. */
const MAX_SENDERS = 5_000;

/** For so long a header is in memory: hardly longer than its requests are. Milliseconds. */
const KNOWN_FOR = 10 * SECOND;

/** The sender of a credential that was right. */
export interface KnownSender {
  readonly principal: Principal;
  /** What was known of its token then; undefined for an admin token. */
  readonly rights: TokenRights | undefined;
}

/** The sender who holds a token. */
export function holderOf(rights: TokenRights): KnownSender {
  const { id, name, index, scopes, projects, expiresAt } = rights;
  return { principal: { id, name, index, scopes, projects, expiresAt }, rights };
}

/**
 * The senders of `Authorization` headers whose credential was right a moment ago, in this isolate's memory: to check one takes
 * several hashes, each some 10 µs in workerd, and a job sends hundreds of requests. That a wrong one is not among them shows
 * nothing of those that are: texts are compared only where their hashes, which V8 has with a seed, are the same.
 */
export class KnownSenders {
  /** In the order of `until`. */
  readonly #senders = new Map<string, { readonly sender: KnownSender; readonly until: number }>();

  /** @param now milliseconds since the epoch */
  get(header: string, now: number): KnownSender | undefined {
    const known = this.#senders.get(header);
    return known && now < known.until && known.until <= now + KNOWN_FOR ? known.sender : undefined;
  }

  /** @param now milliseconds since the epoch */
  set(header: string, sender: KnownSender, now: number): void {
    this.#senders.delete(header);
    this.#senders.set(header, { sender, until: now + KNOWN_FOR });
    for (const [oldest, { until }] of this.#senders) {
      if (now < until && this.#senders.size <= MAX_SENDERS) break;
      this.#senders.delete(oldest);
    }
  }
}
