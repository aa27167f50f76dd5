import type { Config } from "../schema/config.ts";
import { SECOND } from "../worker/duration.ts";
import { isStorageFull, messageOf } from "../worker/errors.ts";
import { pathErrorText } from "./file-errors.ts";
import { defectFields, logAs } from "../worker/log/log.ts";
import { createWorker } from "../worker/worker.ts";
import { Background } from "./background.ts";
import { watchClock } from "./clock-watch.ts";
import { startCrons } from "./crons.ts";
import { expectCrons } from "./expected-crons.ts";
import { readCertificate, type CertificateFiles } from "./http/certificate.ts";
import { clientAddressBehind } from "./http/client-address.ts";
import { followCertificate } from "./http/follow-certificate.ts";
import type { Listener, ListeningAt } from "./http/listen.ts";
import { serveHttp } from "./http/serve-http.ts";
import { openMachine, type Machine } from "./machine.ts";
import { UnusableDatabase } from "./unusable-database.ts";
import { fileOf } from "./objects/file-body.ts";
import { fewOpenFiles, NO_MORE_FILES, saysNoMoreFiles } from "./open-files.ts";
import type { ProxyFor } from "./proxies/proxies.ts";
import type { ConsumerSettings } from "./queues/consumer.ts";
import type { RateLimit } from "./rate-limiter.ts";

export interface ServeOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Takes the place of host and port. */
  readonly listener: Listener | undefined;
  /** The certificate with which the server speaks TLS; undefined: plain HTTP. */
  readonly tls: CertificateFiles | undefined;
  /** Addresses or networks of proxies, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** The proxy through which an upstream is asked. Where it is left out, all are asked directly. */
  readonly proxyFor?: ProxyFor;
  /** The state directory. */
  readonly state: string;
  readonly config: Config;
  /** Expressions as in wrangler.toml, which are fired in UTC. */
  readonly crons: readonly string[];
  readonly consumers: readonly ConsumerSettings[];
  /** How many requests for what is not stored one network may send. Where it is left out, any number. */
  readonly newFromNetwork?: RateLimit | undefined;
  /** The folder of the migrations. */
  readonly migrations: string;
}

export interface Served extends ListeningAt {
  /** Takes no more requests, and waits for what was begun, for half a minute at most. */
  stop(): Promise<void>;
}

/** The server cannot start. The message is a sentence for the user. */
export class CannotServe extends Error {}

/** Milliseconds that deliveries and jobs which are under way have to end. */
const PATIENCE = 10 * SECOND;

/**
 * Serves the worker on this machine until it is stopped.
 *
 * @throws CannotServe where it cannot listen, or a store cannot be used
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { host, port, listener, tls, config, trustedProxies } = options;
  const clientAddress = clientAddressBehind(trustedProxies);
  const log = logAs(config.logFormat);
  const say = (sentence: string) => log("error", { event: "work-failed", what: sentence }, sentence);
  const report = (error: unknown) =>
    log("error", { event: "work-failed", ...defectFields(error) }, `Something failed: ${messageOf(error)}.`);

  const certificate = tls && (await orCannotServe(readCertificate(tls)));
  const few = fewOpenFiles();
  if (few !== undefined) log("warn", { event: "notice", what: few }, few);
  const machine = await machineFor(options, say);
  try {
    const { platform, queues } = machine;
    let worker = createWorker(config, platform);
    const background = new Background(report);
    const http = await orCannotServe(
      serveHttp({
        host,
        port,
        listener,
        certificate,
        fileOf,
        clientAddress,
        report,
        handler: (request, work) => worker.fetch(request, work),
      }),
    );
    const following =
      tls &&
      certificate &&
      followCertificate({
        files: tls,
        current: certificate,
        take: http.renew,
        say: (level, sentence) => log(level, { event: "certificate", what: sentence }, sentence),
      });
    await queues.start((batch) => background.run((work) => worker.queue(batch, work)));
    // It waits for no request: what is wrong with the database is said elsewhere.
    void worker.notice().then(
      (sentence) => sentence && log("warn", { event: "notice", what: sentence }, sentence),
      () => undefined,
    );
    const crons = startCrons(options.crons, (cron) => background.run((work) => worker.scheduled(cron, work)), say);
    const unwatch = watchClock(() => {
      say("The clock was set back. What is in memory is read again, and pages that are from a later time are checked.");
      // A new one has nothing in memory that would be used for too long.
      worker = createWorker(config, platform);
      crons.clockWasSetBack();
      background.run(() => queues.clockWasSetBack()).catch(report);
    });
    return {
      host: http.host,
      port: http.port,
      async stop() {
        unwatch();
        following?.stop();
        await Promise.all([crons.stop(PATIENCE), queues.stop(PATIENCE), http.stop()]);
        await machine.close();
      },
    };
  } catch (error) {
    await machine.close();
    throw error;
  }
}

async function machineFor(
  { state, crons, migrations, consumers, newFromNetwork, proxyFor }: ServeOptions,
  log: (line: string) => void,
): Promise<Machine> {
  try {
    const machine = await openMachine({ state, migrations, consumers, newFromNetwork, proxyFor, log });
    await expectCrons(machine.platform.database, crons);
    return machine;
  } catch (error) {
    throw new CannotServe(whyUnusable(state, error), { cause: error });
  }
}

function whyUnusable(state: string, error: unknown): string {
  if (error instanceof UnusableDatabase) return error.message;
  if (saysNoMoreFiles(error)) return NO_MORE_FILES;
  if (isStorageFull(error))
    return `The disk of the state directory ${state} is full. Make room on it, and start again.`;
  return `The state directory ${state} cannot be used: ${pathErrorText(error)}. Make all files in it writable, or choose another one with --state DIR.`;
}

/** Errors of the HTTP server's start, and of its certificate, are sentences already. */
const orCannotServe = <Part>(part: Promise<Part>): Promise<Part> =>
  part.catch((error: unknown) => {
    throw new CannotServe(messageOf(error), { cause: error });
  });
