/**
 * What the index of advisories costs: made of 24,500 generated records, loaded whole, and looked up.
 *
 *     node test/bench/advisories.ts [--records 24500]
 */
import { parseArgs } from "node:util";
import { advisoriesOf } from "../../worker/policy/osv/advisories.ts";
import { decodeShard, encodeIndex, shardOf, shardOffsets, INDEX_HEADER } from "../../worker/policy/osv/index-file.ts";
import { entriesOf, type AdvisoryEntry } from "../../worker/policy/osv/record.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { advisoryRecord, VERSIONS } from "./harness/advisory-records.ts";
import { figure, table } from "./harness/statistics.ts";
import { giveUp } from "./harness/tools.ts";

const { values: options } = parseArgs({ options: { records: { type: "string", default: "24500" } } });
const count = Number(options.records);
if (!Number.isInteger(count) || count < 100) giveUp("--records: a whole number, 100 at least");

/** CPU of this process, so that a machine that does something else as well measures the same. Milliseconds. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const [fastest, median] = [
  (all: number[]) => Math.min(...all),
  (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0,
];

const entries = new Map<ProjectName, AdvisoryEntry[]>();
const records = new Map<string, number>();
const begun = now();
for (let at = 0; at < count; at++) {
  const record = advisoryRecord(at, count);
  records.set(record.id, at);
  for (const [name, entry] of entriesOf(record)) entries.set(name, [...(entries.get(name) ?? []), entry]);
}
const file = encodeIndex({ entries, records });
const making = now() - begun;

globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const loads: number[] = [];
const offsets = shardOffsets(file.subarray(0, INDEX_HEADER));
const shards = offsets.slice(0, -1).map((offset, at) => file.subarray(offset, offsets[at + 1]));
let loaded = new Map<ProjectName, readonly AdvisoryEntry[]>();
for (let turn = 0; turn < 9; turn++) {
  const start = now();
  loaded = new Map(shards.flatMap((shard) => [...decodeShard(shard)]));
  loads.push(now() - start);
}
globalThis.gc?.();
const memory = process.memoryUsage().heapUsed - before;

const largest = [...loaded].toSorted(([, one], [, other]) => other.length - one.length)[0];
if (!largest) throw new Error("there are no entries");
const biggest = shards[shardOf(largest[0])] ?? new Uint8Array();
/** Milliseconds of each of many turns of something short. */
function each(turns: number, work: () => unknown): number {
  const start = now();
  for (let turn = 0; turn < turns; turn++) work();
  return (now() - start) / turns;
}

/** Microseconds a look-up: the project in the index, and one version by all that is known of it. */
function lookUp(names: readonly ProjectName[]): number {
  const known = new Map(names.map((name) => [name, advisoriesOf(loaded.get(name) ?? [])]));
  const turns = 200_000;
  let affected = 0;
  const start = now();
  for (let turn = 0; turn < turns; turn++) {
    const name = names[turn % names.length] as ProjectName;
    affected += known.get(name)?.affecting(VERSIONS[turn % VERSIONS.length] ?? "1.0").length ?? 0;
  }
  if (affected < 0) throw new Error("unreachable");
  return ((now() - start) / turns) * 1_000;
}

/** Microseconds that it takes to read what is known of a project, once for each isolate. */
const readProject = (name: ProjectName) =>
  1_000 * each(99, () => advisoriesOf(loaded.get(name) ?? []).affecting("1.0"));

const harmless = asProjectName("requests") as ProjectName;
const malware = [...loaded.keys()].filter((name) => name.startsWith("bad-")).slice(0, 1_000);
const rows = [
  [`make it of ${count} records, ms`, figure(making)],
  ["its file, MB", figure(file.byteLength / 1e6)],
  ["read all shards, ms (median of 9)", figure(median(loads))],
  ["read all shards, ms (fastest)", figure(fastest(loads))],
  ["memory when loaded, MB", globalThis.gc ? figure(memory / 1e6) : "run with node --expose-gc"],
  ["largest shard, KB", figure(biggest.byteLength / 1e3)],
  ["read that shard, ms", figure(each(99, () => decodeShard(biggest)))],
  [`advisories on ${largest[0]}`, String(largest[1].length)],
  [`read them, µs (once)`, figure(readProject(largest[0]))],
  [`look up a version of ${largest[0]}, µs`, figure(lookUp([largest[0]]))],
  ["look up a version of malware, µs", figure(lookUp(malware))],
  ["look up a project that has none, µs", figure(lookUp([harmless]))],
];
process.stdout.write(`${table(["the index of advisories", "CPU"], rows)}\n`);
