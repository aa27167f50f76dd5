/**
 * What an `Authorization` header shows: a Bearer token (RFC 6750), or the password of Basic (RFC 7617) with any user name,
 * or its user name where there is no password. Undefined where it shows none.
 */
export function shownIn(header: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header ?? "") ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const text = decoded(value);
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return text.slice(colon + 1) || text.slice(0, colon) || undefined;
}

function decoded(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
