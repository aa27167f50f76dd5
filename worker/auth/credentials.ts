/** What the `Authorization` header of a request contains. */
export interface ShownCredential {
  readonly credential: string | undefined;
  /** Whether it is a user name without a password. */
  readonly isUserName: boolean;
  /** The user name beside a password; else empty. */
  readonly userName: string;
}

/**
 * Reads an `Authorization` header: a Bearer token (RFC 6750), or the password of Basic (RFC 7617) with any user name, or
 * its user name where the password is empty. `credential` is undefined where there is none.
 */
export function credentialIn(header: string | undefined): ShownCredential {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header ?? "") ?? [];
  if (/^bearer$/i.test(scheme)) return { credential: value, isUserName: false, userName: "" };
  const text = /^basic$/i.test(scheme) ? decoded(value) : undefined;
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return { credential: undefined, isUserName: false, userName: "" };
  const password = text.slice(colon + 1);
  const userName = text.slice(0, colon);
  return password
    ? { credential: password, isUserName: false, userName }
    : { credential: userName || undefined, isUserName: true, userName: "" };
}

function decoded(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
