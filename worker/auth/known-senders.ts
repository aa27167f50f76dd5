import type { TokenRights } from "./ports.ts";
import type { Principal } from "./principal.ts";

/** If more were right, the one that was first is dropped. */
const MAX_SENDERS = 5_000;

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
 * The senders of `Authorization` headers whose credential was right, in this isolate's memory: to check one takes several
 * hashes, and a job sends hundreds of requests. They are kept by the header's hash, so that no secret is.
 */
export class KnownSenders {
  readonly #senders = new Map<string, KnownSender>();

  get(hash: string): KnownSender | undefined {
    return this.#senders.get(hash);
  }

  set(hash: string, sender: KnownSender): void {
    this.#senders.set(hash, sender);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > MAX_SENDERS && oldest !== undefined) this.#senders.delete(oldest);
  }
}
