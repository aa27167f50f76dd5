import type { X509Certificate } from "node:crypto";
import { pathToFileURL } from "node:url";
import {
  readCertificate,
  UnusableCertificate,
  whyOutOfDate,
  type CertificateFiles,
} from "../../server/http/certificate.ts";
import type { Listener } from "../../server/http/listen.ts";
import type { ProxyFor } from "../../server/proxies/proxies.ts";
import type * as server from "../../server/serve.ts";
import { pathErrorText } from "../../server/file-errors.ts";
import { SECOND } from "../../worker/duration.ts";
import { builtServer } from "../build/build.ts";
import { proxiesOfEnvironment } from "../lib/environment-proxies.ts";
import { outliveReader } from "../lib/closed-output.ts";
import { CommandError } from "../lib/command-error.ts";
import { MIGRATIONS } from "../lib/project-folder.ts";
import { noteAddress, socketAddress } from "../lib/state.ts";
import { adminToken, keepAdminToken } from "./admin-token.ts";
import { localAddress, publicAddress } from "./address.ts";
import { announce } from "./announce.ts";
import { readConfiguration, type Configuration } from "./configuration.ts";
import { listenerOf } from "./listener.ts";
import type { StartOptions } from "./options.ts";
import { refuseSimulatorsState } from "./simulators-state.ts";
import { openState } from "./state.ts";
import { portIsFree } from "./port.ts";
import { proxyWarnings } from "./proxy-warnings.ts";
import { stopSignal } from "./stop-signal.ts";
import { whyUnreachable } from "./upstream.ts";

/** Serves on this machine, with storage that persists, until a signal stops it. */
export async function start(given: StartOptions): Promise<void> {
  const stopped = stopSignal();
  outliveReader();
  const certificate = given.tls && (await usableCertificate(given.tls));
  const options = { ...given, publicUrl: publicAddress(given, certificate) };
  const listener = listenerOf(given);
  for (const sentence of proxyWarnings(given, listener)) console.error(sentence);
  const proxyFor = proxiesOfEnvironment();
  if (!listener) await portIsFree(options);
  const state = openState(options.state);
  try {
    refuseSimulatorsState(options.state);
    const token = options.adminToken ?? adminToken(options.state);
    const configuration = readConfiguration(options, token);
    keepAdminToken(options.state, token);
    const served = await serve(options, listener, configuration, proxyFor);
    tryToNote(options.state, addressHere(given, served, certificate));
    announce(options, configuration.config);
    const upstreams = new Set(configuration.config.indexes.flatMap((index) => index.upstreams));
    const asked = [...upstreams].filter(({ kind }) => kind !== "offline");
    void Promise.all(asked.map(({ url }) => warnIfUnreachable(url, proxyFor)));
    await stopped;
    await served.stop();
  } finally {
    state.close();
  }
  // What a request has left behind, such as the look-up of a name, would hold the process for some seconds.
  process.exit();
}

/** Throws a `CommandError` where the server cannot listen, or the state directory cannot be used. */
async function serve(
  { host, port, tls, state, cron, trustedProxies }: StartOptions,
  listener: Listener | undefined,
  { config, deployment }: Configuration,
  proxyFor: ProxyFor,
): Promise<server.Served> {
  const built = (await import(pathToFileURL(await builtServer()).href)) as typeof server;
  try {
    return await built.serve({
      host,
      port,
      listener,
      tls,
      trustedProxies,
      proxyFor,
      state,
      config,
      crons: cron ? deployment.triggers.crons : [],
      consumers: deployment.queues.consumers,
      newFromNetwork: newFromNetwork(deployment),
      migrations: MIGRATIONS,
    });
  } catch (error) {
    throw error instanceof built.CannotServe ? new CommandError(error.message) : error;
  }
}

/** The rate limit of wrangler.toml, by the name of its binding; undefined where the file has none. */
function newFromNetwork({ ratelimits }: Configuration["deployment"]) {
  const own = ratelimits?.find(({ name }) => name === "NEW_FROM_NETWORK");
  return own && { limit: own.simple.limit, period: own.simple.period * SECOND };
}

/** Other commands look for the server at its address. It runs without them, on a full disk for example. */
function tryToNote(state: string, address: string): void {
  try {
    noteAddress(state, address);
  } catch (error) {
    console.error(
      `The address cannot be stored for other commands (${pathErrorText(error)}); give them --url ${address}`,
    );
  }
}

/** Where the commands on this machine find the server. */
function addressHere(options: StartOptions, { host, port }: server.Served, certificate?: X509Certificate): string {
  if (port > 0) return localAddress({ ...options, host, port }, certificate);
  // The path of a Unix socket that the server was started with is not known.
  return options.socket === undefined ? options.publicUrl : socketAddress(options.socket);
}

/** Throws a `CommandError` where the files cannot be used. One that is out of date is used, with a warning. */
async function usableCertificate(files: CertificateFiles): Promise<X509Certificate> {
  try {
    const certificate = await readCertificate(files);
    const problem = whyOutOfDate(certificate, files.cert, Date.now());
    if (problem) console.error(problem);
    return certificate.x509;
  } catch (error) {
    throw error instanceof UnusableCertificate ? new CommandError(error.message) : error;
  }
}

async function warnIfUnreachable(upstream: URL, proxyFor: ProxyFor): Promise<void> {
  const proxy = proxyFor(upstream);
  const reason = await whyUnreachable(proxy?.url ?? upstream);
  if (!reason) return;
  const what = proxy
    ? `${capital(proxy.name)}, through which ${upstream.href} is asked,`
    : `The upstream ${upstream.href}`;
  console.error(`${what} cannot be reached (${reason}); stored pages and files are served.`);
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
