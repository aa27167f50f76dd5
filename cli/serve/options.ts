import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type * as z from "zod/mini";
import { publicRoot, upstreamAddress } from "../../schema/address.ts";
import { logFormat } from "../../schema/config.ts";
import type { CertificateFiles } from "../../server/http/certificate.ts";
import { clientAddressBehind } from "../../server/http/client-address.ts";
import { command } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
import { OWN_CONFIGURATION } from "../lib/project-folder.ts";
import { messageOf } from "../../worker/errors.ts";

export interface StartOptions {
  readonly port: number;
  readonly host: string;
  /** The path of a Unix socket to listen at, in the place of host and port. */
  readonly socket: string | undefined;
  /** The Simple API root to mirror instead of the one in wrangler.toml. */
  readonly upstream: URL | undefined;
  /** A second file in the format of wrangler.toml. Its `[vars]` override those of wrangler.toml. */
  readonly config: string | undefined;
  /** The state directory; schema/STORAGE.md says what is stored in it. */
  readonly state: string;
  /** The address that clients use, where it is not host and port; else empty. */
  readonly publicUrl: string;
  /** The files of a certificate, with which the server speaks TLS. */
  readonly tls: CertificateFiles | undefined;
  /** Addresses or networks of proxies in front. */
  readonly trustedProxies: readonly string[];
  readonly quiet: boolean;
  /** How the worker writes its log. */
  readonly log: z.infer<typeof logFormat>;
  /** Whether upstreams' change logs are followed. */
  readonly feed: boolean;
  /** Whether OSV's advisories are kept by the export that wrangler.toml names. */
  readonly osv: boolean;
  /** Whether the crons of wrangler.toml are fired. */
  readonly cron: boolean;
  /** The token of the admin API; undefined: the one stored in `state`, else a new one. */
  readonly adminToken: string | undefined;
}

/**
 * `pypi-edge serve`: serves until it is told to stop.
 *
 * @param start starts the server with the options
 */
export const serveCommand = (start: (options: StartOptions) => Promise<void>) =>
  command("serve", "serve on this machine, in front of the configured upstreams", [
    ["pypi-edge serve --port 9102", "for this machine only"],
    [
      "pypi-edge serve --host 0.0.0.0 --public-url https://pypi.example.com --quiet",
      "for a team, behind a proxy with TLS",
    ],
    [
      "pypi-edge serve --host 0.0.0.0 --port 8443 --tls-cert pypi.example.com.pem --tls-key pypi.example.com.key",
      "for a team, with TLS of its own",
    ],
  ])
    .option("--port <n>", "the port to listen on", "8787")
    .option("--host <address>", "the address to listen on; 127.0.0.1: for this machine only", "127.0.0.1")
    .option("--socket <path>", "a Unix socket to listen at instead, for a proxy on this machine")
    .option("--upstream <url>", "the Simple API root to mirror (in wrangler.toml: https://pypi.org/simple/)")
    .option(
      "--config <file>",
      "upstreams and indexes of your own: a file whose [vars] override those of wrangler.toml (pypi-edge.toml of this folder, where there is one)",
    )
    .option("--state <dir>", "the state directory: all pages and files are stored in it", ".pypi-edge")
    .option(
      "--public-url <url>",
      "the address that clients use, where a proxy stands in front (else made of host and port)",
    )
    .option("--tls-cert <file>", "speak https, with this certificate and those of its authorities, in PEM form")
    .option("--tls-key <file>", "the certificate's private key, in PEM form")
    .option(
      "--trusted-proxy <addresses>",
      "proxies in front, as addresses, networks or unix, with commas between: their X-Forwarded-For names the client",
    )
    .option("--feed", "follow the upstream's change log: releases are here within a minute or two")
    .option("--osv", "keep OSV's advisories, by which policies refuse malware: read each hour, 32 MB at first")
    .option("--no-cron", "fire no crons: fetch only files and pages that clients ask for")
    .option(
      "--admin-token <token>",
      "the token of /-/api/ (else made at the first start, and stored in the state directory)",
    )
    .option("--quiet", "print no line for each request")
    .option("--log <format>", "how lines are printed: text (on a terminal), or json (elsewhere)")
    .action(
      async ({
        port,
        socket,
        upstream,
        config,
        state,
        publicUrl,
        tlsCert,
        tlsKey,
        trustedProxy,
        quiet,
        log,
        feed,
        osv,
        ...others
      }) => {
        if (socket !== undefined) checkSocket(tlsCert, publicUrl);
        await start({
          ...others,
          port: portOf(port),
          socket: socket === undefined ? undefined : resolve(socket),
          upstream: upstream === undefined ? undefined : read("--upstream", upstreamAddress, upstream),
          config: configurationFile(config),
          state: resolve(state),
          publicUrl: publicUrl === undefined ? "" : read("--public-url", publicRoot, publicUrl),
          tls: certificateFiles(tlsCert, tlsKey),
          trustedProxies: proxies(trustedProxy),
          quiet: quiet === true,
          log: read("--log", logFormat, log ?? (process.stdout.isTTY ? "text" : "json")),
          feed: feed === true,
          osv: osv === true,
          adminToken: others.adminToken,
        });
      },
    );

/** Throws a usage error for what does not go with `--socket`. */
function checkSocket(tlsCert: string | undefined, publicUrl: string | undefined): void {
  if (tlsCert !== undefined) throw usageError("--socket and --tls-cert: TLS is not spoken on a Unix socket.");
  if (publicUrl === undefined) throw usageError("--socket: name the address that clients use with --public-url URL.");
}

/** The file that is named, else the one that an owner's folder has. */
function configurationFile(named: string | undefined): string | undefined {
  const file = resolve(named ?? OWN_CONFIGURATION);
  return named !== undefined || existsSync(file) ? file : undefined;
}

/** Throws a usage error where one of the two is missing. */
function certificateFiles(cert: string | undefined, key: string | undefined): CertificateFiles | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert: resolve(cert), key: resolve(key) };
  throw usageError("--tls-cert FILE and --tls-key FILE belong together.");
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw usageError(`--port ${text}: a port is a number from 1 to 65535.`);
}

/** Throws a usage error where one is no address and no network, and where there is none. */
function proxies(text: string | undefined): string[] {
  if (text === undefined) return [];
  const all = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (all.length === 0) throw usageError(`--trusted-proxy ${text}: name at least one proxy, or leave the option out.`);
  try {
    clientAddressBehind(all);
    return all;
  } catch (error) {
    throw usageError(`--trusted-proxy ${text}: ${messageOf(error)}`);
  }
}

/** An option's text, parsed by `schema`. Throws a usage error where it is invalid. */
function read<Output>(option: string, schema: z.ZodMiniType<Output>, text: string): Output {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usageError(`${option} ${text}: ${parsed.error.issues[0]?.message}.`);
}
