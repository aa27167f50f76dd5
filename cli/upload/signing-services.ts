import { usageError } from "../lib/command-error.ts";
import { isThisMachine } from "../lib/this-machine.ts";

/** The addresses of the services that sign: those of a sigstore. */
export interface SigningServices {
  /** The certificate authority (Fulcio). */
  readonly fulcio: string;
  /** The transparency log (Rekor). */
  readonly rekor: string;
  /** A timestamp authority (RFC 3161); undefined: the log says the time. */
  readonly tsa?: string | undefined;
}

export const PUBLIC_SERVICES = {
  fulcio: "https://fulcio.sigstore.dev",
  rekor: "https://rekor.sigstore.dev",
} as const satisfies SigningServices;

/** The addresses that a command line names, without a slash at the end: paths are put behind them. */
export function servicesIn({ fulcio, rekor, tsa }: SigningServices): SigningServices {
  const address = (option: string, text: string) => {
    const url = URL.parse(text);
    if (url && (url.protocol === "https:" || isThisMachine(url.hostname))) return url.href.replace(/\/$/, "");
    throw usageError(`${option} must be an address that begins with https://.`);
  };
  return {
    fulcio: address("--fulcio", fulcio),
    rekor: address("--rekor", rekor),
    tsa: tsa === undefined ? undefined : address("--tsa", tsa),
  };
}
