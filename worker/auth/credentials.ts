/** What a request shows. */
export interface Shown {
  readonly shown: string | undefined;
  /** Whether that is a user name without a password. */
  readonly isUser: boolean;
}

/**
 * What an `Authorization` header shows: a Bearer token (RFC 6750), or the password of Basic (RFC 7617) with any user name,
 * or its user name where there is no password. Undefined where it shows none.
 */
export function shownIn(header: string | undefined): Shown {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header ?? "") ?? [];
  if (/^bearer$/i.test(scheme)) return { shown: value, isUser: false };
  const text = /^basic$/i.test(scheme) ? decoded(value) : undefined;
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return { shown: undefined, isUser: false };
  const password = text.slice(colon + 1);
  return password ? { shown: password, isUser: false } : { shown: text.slice(0, colon) || undefined, isUser: true };
}

function decoded(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
