import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import type * as z from "zod/mini";
import { publicRoot, upstreamAddress } from "../../schema/address.ts";
import { Sentence } from "../sentence.ts";
import { parseArguments } from "../arguments.ts";

export interface StartOptions {
  readonly port: number;
  readonly host: string;
  /** The Simple API root to mirror instead of the one in wrangler.toml. */
  readonly upstream: URL | undefined;
  /** A file like wrangler.toml whose `[vars]` go before those there. */
  readonly config: string | undefined;
  /** Where KV, R2 and D1 are kept. */
  readonly state: string;
  /** The address people use, where it is not host and port; else empty. */
  readonly publicUrl: string;
  readonly quiet: boolean;
  /** Whether upstreams' logs of changes are followed. */
  readonly feed: boolean;
  /** Whether the clock starts what wrangler.toml says. */
  readonly cron: boolean;
  /** What opens the admin API; undefined: what was kept in `state`, or a new one. */
  readonly adminToken: string | undefined;
}

export const USAGE = `npm start -- [options]
  --port N          the port to listen on (8787)
  --host H          the address to listen on (127.0.0.1: this machine only)
  --upstream URL    the Simple API root to mirror (what wrangler.toml says: https://pypi.org/simple/)
  --config FILE     upstreams and indexes of your own: a file whose [vars] go before those of wrangler.toml
  --state DIR       where what is stored is kept (.pypi-edge)
  --public-url URL  the address people use, when a proxy stands in front
  --feed            follow the upstream's log of changes: releases are here within a minute or two
  --no-cron         nothing is fetched but what is asked for
  --admin-token T   what opens /-/api/ (else made at the first start, and kept in the state directory)
  --quiet           no line for each request`;

/** Reads the command line; throws a `Sentence` that names the wrong option. */
export function readOptions(args: string[]): StartOptions | "help" {
  const { values } = parse(args);
  if (values.help) return "help";
  return {
    port: portOf(values.port),
    host: values.host,
    upstream: values.upstream === undefined ? undefined : read("--upstream", upstreamAddress, values.upstream),
    config: values.config === undefined ? undefined : resolve(values.config),
    state: resolve(values.state),
    publicUrl: read("--public-url", publicRoot, values["public-url"]),
    quiet: values.quiet,
    feed: values.feed,
    cron: !values["no-cron"],
    adminToken: values["admin-token"],
  };
}

/** The address that people use, without a final slash: what the options say, or else where it listens. */
export function publicAddress({ publicUrl, host, port }: StartOptions): string {
  return publicUrl || `http://${reachable(host)}:${port}`;
}

/** The address that commands on this machine use, without a final slash, whatever stands in front of it for others. */
export function localAddress({ host, port }: StartOptions): string {
  const loopback: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return `http://${inUrl(loopback[host] ?? host)}:${port}`;
}

const inUrl = (host: string) => (host.includes(":") ? `[${host}]` : host);

/** An address that other machines can use where all are listened on. */
function reachable(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return inUrl(host);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address ?? "127.0.0.1";
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        upstream: { type: "string" },
        config: { type: "string" },
        state: { type: "string", default: ".pypi-edge" },
        "public-url": { type: "string", default: "" },
        quiet: { type: "boolean", default: false },
        feed: { type: "boolean", default: false },
        "no-cron": { type: "boolean", default: false },
        "admin-token": { type: "string" },
        help: { type: "boolean", default: false },
      },
    },
    USAGE,
  );
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Sentence(`--port ${text}: a port is a number from 1 to 65535.`);
}

/** What `schema` makes of an option's text. */
function read<Output>(option: string, schema: z.ZodMiniType<Output>, text: string): Output {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Sentence(`${option} ${text}: ${parsed.error.issues[0]?.message}.`);
}
