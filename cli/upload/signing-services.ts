import { usageError } from "../lib/command-error.ts";
import { isThisMachine } from "../lib/this-machine.ts";

/** The addresses of the services that sign: those of a sigstore. */
export interface SigningServices {
  /** The certificate authority (Fulcio). */
  readonly fulcio: string;
  /** The transparency log (Rekor). */
  readonly rekor: string;
  /** The version of its API; 2 gives no time. */
  readonly rekorVersion?: RekorVersion | undefined;
  /** A timestamp authority (RFC 3161); undefined: the log says the time. */
  readonly tsa?: string | undefined;
}

/** The versions of Rekor's API that attestations are entered by. */
export const REKOR_VERSIONS = ["1", "2"] as const;

type RekorVersion = (typeof REKOR_VERSIONS)[number];

export const PUBLIC_SERVICES = {
  fulcio: "https://fulcio.sigstore.dev",
  rekor: "https://rekor.sigstore.dev",
} as const satisfies SigningServices;

/**
 * The addresses that a command line names, without a slash at the end: paths are put behind them.
 *
 * @throws CommandError where one is none, or nothing would say when an attestation was signed
 */
export function servicesIn({ fulcio, rekor, rekorVersion, tsa }: SigningServices): SigningServices {
  if (rekorVersion === "2" && tsa === undefined) {
    throw usageError("A log of Rekor 2 gives no time, so nothing would verify: name a timestamp authority with --tsa.");
  }
  const address = (option: string, text: string) => {
    const url = URL.parse(text);
    if (url && (url.protocol === "https:" || isThisMachine(url.hostname))) return url.href.replace(/\/$/, "");
    throw usageError(`${option} must be an address that begins with https://.`);
  };
  return {
    fulcio: address("--fulcio", fulcio),
    rekor: address("--rekor", rekor),
    rekorVersion,
    tsa: tsa === undefined ? undefined : address("--tsa", tsa),
  };
}
