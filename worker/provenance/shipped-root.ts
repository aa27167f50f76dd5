import shipped from "./sigstore-root.json" with { type: "json" };
import { trustedRootOf, type TrustedRoot } from "./trusted-root.ts";

let read: TrustedRoot | undefined;

/** The root of sigstore's public services, as it was when this version was made. Read once, when it is first needed. */
export const shippedRoot = (): TrustedRoot => (read ??= trustedRootOf(shipped));
