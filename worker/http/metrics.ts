import { Hono } from "hono";
import type { Count, Counted, Counters } from "../repository/ports/counters.ts";
import type { Authorize } from "./access.ts";
import type { AppEnv } from "./context.ts";
import { orUnavailable } from "./figures-unavailable.ts";
import type { Gauge, Sample } from "./gauge.ts";
import { readGauges, type GaugeSources } from "./gauges.ts";
import { LIFETIMES } from "./headers.ts";

/** What the metrics are read from. */
interface Measured extends GaugeSources {
  readonly counters: Counters;
}

/** Name and description of each counter; by Prometheus' conventions a name ends in its unit and `_total`. */
const COUNTERS: Record<keyof Counted, { readonly name: string; readonly help: string }> = {
  requests: {
    name: "pypi_edge_requests_total",
    help: "Requests that reached the worker, by kind of address, status, and where the answer came from.",
  },
  fileBytes: {
    name: "pypi_edge_file_bytes_total",
    help: "Bytes of files and metadata in answers, by where they came from; broken transfers count whole.",
  },
  stalePages: {
    name: "pypi_edge_stale_pages_total",
    help: "Stale pages, served because the upstream failed.",
  },
  upstreamRequests: {
    name: "pypi_edge_upstream_requests_total",
    help: "Requests to upstreams, by outcome; retries and redirects are part of one request.",
  },
  upstreamSeconds: {
    name: "pypi_edge_upstream_seconds_total",
    help: "Seconds until the heads of upstreams' answers had arrived, or until they had failed; by the requests it is the mean.",
  },
  refusedFills: {
    name: "pypi_edge_refused_fills_total",
    help: "Requests without a token for what is not stored that were refused: by the ceiling of their network, or of the day.",
  },
  ahead: {
    name: "pypi_edge_ahead_total",
    help: "Pages, core metadata and wheels that were fetched from an upstream before a client asked for them, and those that one asked for within ten minutes.",
  },
  verdicts: {
    name: "pypi_edge_policy_verdicts_total",
    help: "Requests for files to which a rule of a policy applies, by rule and mode: enforce has refused them, audit would have, and those exempted were let through.",
  },
  heldFixes: {
    name: "pypi_edge_policy_held_fixes_total",
    help: "Requests for project pages whose newest version is affected by an advisory that a held file mends, by the rule that holds it.",
  },
  events: {
    name: "pypi_edge_events_total",
    help: "What happened behind answers and jobs, by kind: failures, and recoveries (feed-recovered).",
  },
};

const NAMES = Object.keys(COUNTERS) as (keyof Counted)[];

/**
 * The metrics of all isolates and all indexes, private ones too, for Prometheus; to be mounted at `/-/metrics`.
 *
 * @param authorize lets only those read who may read every index; undefined: anyone may read
 */
export function metricsRoutes(measured: Measured, authorize: Authorize | undefined): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    await authorize?.(c, { scope: "read", index: "*" });
    const ctx = c.get("ctx");
    const figures = Promise.all([measured.counters.totals(NAMES), readGauges(measured, ctx.now)]);
    // A failed scrape is a gap in Prometheus. Without the stored counts it would look like counters that were reset.
    const [counts, gauges] = await orUnavailable(ctx, figures);
    const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", ...LIFETIMES.live };
    return c.body(exposition(counts, gauges), 200, headers);
  });
  return routes;
}

/**
 * Renders Prometheus' text format 0.0.4.
 *
 * @param counts in any order
 */
export function exposition(counts: readonly Count[], gauges: readonly Gauge[]): string {
  const counters = NAMES.map((key) => {
    const { name, help } = COUNTERS[key];
    const samples = counts.filter((count) => count.name === key);
    return family(name, "counter", help, samples);
  });
  return [...counters, ...gauges.map(({ name, help, samples }) => family(name, "gauge", help, samples))].join("");
}

function family(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Count["labels"]): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string) => value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
