import { inSeconds, SECOND } from "../../duration.ts";
import { areKnown, increase, increaseOf, sumOf, valueOf, type Bucket } from "./buckets.ts";
import { counted } from "../../pypi/counted.ts";
import { sizeText } from "../../pypi/size-text.ts";

/** One line or one part of the bars of a plot. */
export interface Series {
  readonly label: string;
  /** A value for each bucket; null where it is not known. */
  readonly values: readonly (number | null)[];
}

/** A figure of the dashboard. */
export interface PlotData {
  readonly id: string;
  readonly title: string;
  /** What the span comes to, in a few words. */
  readonly headline: string;
  /** What the figure is made of, in a sentence. */
  readonly note: string;
  /** `bars`: the parts of each bucket stand on each other. */
  readonly kind: "bars" | "lines";
  readonly series: readonly Series[];
  /** The value as a text, with its unit. */
  readonly show: (value: number) => string;
  /** The least that the scale shows, so that small noise looks small. */
  readonly atLeast: number;
  /** A level that is drawn across, such as a quota. */
  readonly level?: { readonly label: string; readonly value: number } | undefined;
}

/** The layers that answer without asking the upstream for the bytes, in the order in which they are asked. */
const LAYERS = [
  ["memory", "memory"],
  ["cache", "the data centre's cache"],
  ["kv", "stored pages"],
  ["r2", "stored files"],
  ["d1", "the database"],
  ["stale", "stale, the upstream is away"],
] as const;

const whole = (value: number) => Math.round(value).toLocaleString("en");
const percent = (value: number) => `${value.toFixed(value >= 99.95 || value < 10 ? 1 : 0)} %`;
/** @param time milliseconds */
const timeText = (time: number) => (time < SECOND ? `${Math.round(time)} ms` : `${inSeconds(time).toFixed(1)} s`);

const hits = (of: string) => LAYERS.map(([via]) => `${of}.${via}`);

/** The share of the hits in a bucket, in percent; null where nothing was asked for. */
function ratio(bucket: Bucket, of: string): number | null {
  const [hit, missed] = [increaseOf(bucket, hits(of)), increase(bucket, `${of}.upstream`)];
  return hit === null || missed === null || hit + missed === 0 ? null : (100 * hit) / (hit + missed);
}

function total(buckets: readonly Bucket[], of: string) {
  const hit = sumOf(buckets.map((bucket) => increaseOf(bucket, hits(of))));
  const missed = sumOf(buckets.map((bucket) => increase(bucket, `${of}.upstream`)));
  return { hit, missed, share: hit + missed === 0 ? undefined : (100 * hit) / (hit + missed) };
}

const ratioText = (requests: number | undefined, bytes: number | undefined) =>
  requests === undefined && bytes === undefined
    ? "nothing was asked for"
    : [
        ...(requests === undefined ? [] : [`${percent(requests)} of requests`]),
        ...(bytes === undefined ? [] : [`${percent(bytes)} of bytes`]),
      ].join(", ");

const UNKNOWN = "not known yet";

/** What was answered from what is stored here, hosted files among it, in a clause. */
export function savedText(buckets: readonly Bucket[]): string {
  if (!areKnown(buckets)) return UNKNOWN;
  const [requests, bytes] = [total(buckets, "requests"), total(buckets, "fileBytes")];
  if (requests.hit + requests.missed === 0) return "nothing was asked for";
  return `${whole(requests.hit)} of ${counted(requests.hit + requests.missed, "request")} and ${sizeText(bytes.hit)} of files came from what is stored here, not from an upstream`;
}

/** Requests of strangers that a ceiling refused, in a clause; undefined where there were none, or it is not known. */
export function refusedText(buckets: readonly Bucket[]): string | undefined {
  const [ofNetworks = 0, ofDay = 0] = ["network", "day"].map((limit) =>
    sumOf(buckets.map((bucket) => increase(bucket, `refusedFills.${limit}`))),
  );
  if (ofNetworks + ofDay === 0) return undefined;
  return `${counted(ofNetworks + ofDay, "request")} without a token for what is not stored: ${whole(ofNetworks)} by the ceiling of a network, ${whole(ofDay)} by that of the day`;
}

interface PlotOptions {
  /** Bytes; 0: there is none. */
  readonly quota: number;
  /** Whether answers can come from a cache of the data centre. */
  readonly hasSharedCache: boolean;
}

/** The eight figures of the dashboard. */
export function plotsOf(buckets: readonly Bucket[], { quota, hasSharedCache }: PlotOptions): PlotData[] {
  const each = (label: string, value: (bucket: Bucket) => number | null): Series => ({
    label,
    values: buckets.map(value),
  });
  const risen = (label: string, figure: string) => each(label, (bucket) => increase(bucket, figure));
  const [requests, bytes] = [total(buckets, "requests"), total(buckets, "fileBytes")];
  const asked = sumOf(buckets.map((bucket) => increaseOf(bucket, UPSTREAM)));
  const failed = sumOf(buckets.map((bucket) => increase(bucket, "upstreamRequests.failed")));
  const waited = sumOf(buckets.map((bucket) => increase(bucket, "upstreamSeconds")));
  const last = buckets.findLast(({ after }) => after);
  const known = (text: string) => (areKnown(buckets) ? text : UNKNOWN);
  const now = (figure: string) => (last && valueOf(last, figure)) ?? 0;
  const layers = LAYERS.filter(([via]) => via !== "cache" || hasSharedCache);
  const verdicts = VERDICTS.map(([mode]) => sumOf(buckets.map((bucket) => increase(bucket, `verdicts.${mode}`))));
  return [
    {
      id: "ratio",
      title: "Hit ratio",
      headline: known(ratioText(requests.share, bytes.share)),
      note: `The share that was answered from what is stored here.${hasSharedCache ? " What Cloudflare's cache in front of the worker answers is not seen here." : ""}`,
      kind: "lines",
      series: [
        each("of requests", (bucket) => ratio(bucket, "requests")),
        each("of bytes", (bucket) => ratio(bucket, "fileBytes")),
      ],
      show: percent,
      atLeast: 100,
    },
    {
      id: "saved",
      title: "Bytes of files",
      headline: known(`${sizeText(bytes.hit)} saved, ${sizeText(bytes.missed)} from upstreams`),
      note: "Bytes of files and metadata in answers. Saved: those that no upstream had to send again.",
      kind: "bars",
      series: [
        each("from what is stored here", (bucket) => increaseOf(bucket, hits("fileBytes"))),
        risen("from upstreams", "fileBytes.upstream"),
      ],
      show: sizeText,
      atLeast: 1_000,
    },
    {
      id: "layers",
      title: "Requests by the layer that answered",
      headline: known(counted(requests.hit + requests.missed, "request")),
      note: "Requests for pages, files and documents of packages.",
      kind: "bars",
      series: [
        ...layers.map(([via, label]) => risen(label, `requests.${via}`)),
        risen("upstream", "requests.upstream"),
      ],
      show: whole,
      atLeast: 10,
    },
    {
      id: "upstream",
      title: "Upstream requests",
      headline: known(
        `${counted(asked, "request")}, ${whole(failed)} failed; ${asked === 0 ? "no" : timeText((waited * SECOND) / asked)} mean latency`,
      ),
      note: "Retries and redirects are part of one request. The latency is the time until the head of the answer.",
      kind: "bars",
      series: UPSTREAM_PARTS.map(([outcome, label]) => risen(label, `upstreamRequests.${outcome}`)),
      show: whole,
      atLeast: 10,
    },
    {
      id: "behind",
      title: "Change log",
      headline:
        last?.after?.["lag"] === undefined
          ? "not followed here"
          : `${whole(now("behind"))} pages behind; read ${timeText(now("lag"))} ago`,
      note: "Stored pages that are older than the upstream's, where its change log (what has changed there, which the job feed reads) is followed.",
      kind: "lines",
      series: [each("pages behind", (bucket) => valueOf(bucket, "behind"))],
      show: whole,
      atLeast: 10,
    },
    {
      id: "dead",
      title: "Dead letters",
      headline: `${whole(now("dead"))} now`,
      note: "Pieces of work behind answers, such as to store a file, that failed at each try. They are kept until they are sent again: pypi-edge jobs run replay.",
      kind: "lines",
      series: [each("dead letters", (bucket) => valueOf(bucket, "dead"))],
      show: whole,
      atLeast: 5,
    },
    {
      id: "storage",
      title: "Storage",
      headline: `${sizeText(now("stored"))} mirrored${quota > 0 ? ` of ${sizeText(quota)}` : ""}, ${sizeText(now("hosted"))} hosted`,
      note: "Above the quota the sweep deletes mirrored files that were unused for the longest time. Hosted files are never deleted for room.",
      kind: "lines",
      series: [
        each("mirrored", (bucket) => valueOf(bucket, "stored")),
        each("hosted", (bucket) => valueOf(bucket, "hosted")),
      ],
      show: sizeText,
      atLeast: 1_000_000,
      level: quota > 0 ? { label: "quota", value: quota } : undefined,
    },
    {
      id: "guard",
      title: "Guard",
      headline: known(
        `${whole(verdicts[0] ?? 0)} refused, ${whole(verdicts[1] ?? 0)} marked, ${whole(verdicts[2] ?? 0)} audited`,
      ),
      note: "Requests for files to which a rule of a policy applies.",
      kind: "bars",
      series: VERDICTS.map(([mode, label]) => risen(label, `verdicts.${mode}`)),
      show: whole,
      atLeast: 10,
    },
  ];
}

const UPSTREAM_PARTS = [
  ["ok", "answered"],
  ["unchanged", "unchanged (304)"],
  ["absent", "absent (404)"],
  ["failed", "failed"],
] as const;

const UPSTREAM = UPSTREAM_PARTS.map(([outcome]) => `upstreamRequests.${outcome}`);

const VERDICTS = [
  ["enforce", "refused"],
  ["warn", "marked (warn)"],
  ["audit", "would be refused (audit)"],
  ["exempted", "let through by an exemption"],
] as const;
