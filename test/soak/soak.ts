/**
 * `npm run soak -- MINUTES [--seed N] [--container] [--nginx]`: many kinds of clients, an upstream that fails in all ways, and a server that is
 * killed and stopped meanwhile. Ends with 1 where an answer, or what is stored in the end, is not as promised. All is on
 * loopback. The seed decides what is asked and how the upstream fails; the order of answers depends on the machine.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { CommandError, usageError } from "../../cli/lib/command-error.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { runCommandLine } from "../../cli/lib/run.ts";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { MINUTE, SECOND } from "../../worker/duration.ts";
import { startUpstream } from "../bench/harness/upstream.ts";
import { Random } from "../fuzz/random.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { client } from "./clients/mix.ts";
import { createToken } from "./clients/tokens.ts";
import { readListed } from "./clients/pages.ts";
import { send } from "./clients/uploads.ts";
import { requireContainers } from "./container.ts";
import { contentOf, HIDDEN } from "./content.ts";
import type { UpstreamData } from "./faulty-upstream.ts";
import { requireNginx } from "./front.ts";
import { expectHealed, expectTidy } from "./healing.ts";
import { inMB, report } from "./report.ts";
import { faultsInState } from "./state.ts";
import { Subject } from "./subject.ts";
import { changeWeather, disturb, stopCleanly } from "./trouble.ts";
import { forecast, Sky } from "./weather.ts";
import { World } from "./world.ts";

const FOUND = join(PROJECT_FOLDER, "dist", "soak");
const CLIENTS = 12;

/** Resident bytes, when nothing is left to do. */
const MOST_AT_REST = 280_000_000;

/** Resident bytes at any moment: several uploads at once have up to 8 MiB each in memory, and copies of it. */
const MOST_MEMORY = 350_000_000;

/** In the last part of a run the server is left alone, so that what one life leaves shows. */
const DISTURBED = 0.7;

interface Soaking {
  readonly minutes: number;
  readonly seed: number;
  readonly inContainer: boolean;
  readonly behindNginx: boolean;
}

async function soak({ minutes, seed, inContainer, behindNginx }: Soaking): Promise<void> {
  if (inContainer) requireContainers();
  if (behindNginx) requireNginx();
  const random = new Random(seed);
  const lasting = minutes * MINUTE;
  const [content, sky] = [await contentOf(random.fork()), new Sky()];
  const phases = forecast(random.fork(), lasting);
  const data: UpstreamData = { content, seed: random.next(), cells: sky.cells };
  const upstream = await startUpstream(new URL("faulty-upstream.ts", import.meta.url), data);
  const folder = temporaryDirectory();
  const subject = new Subject(folder, upstream.simple.href);
  const world = new World(subject, sky, content);
  try {
    if (inContainer) await subject.putIntoContainer();
    if (behindNginx) await subject.putBehindNginx();
    await subject.start();
    await furnish(world);
    const began = performance.now();
    const isOver = () => performance.now() - began > lasting;
    const isLeftAlone = () => performance.now() - began > lasting * DISTURBED;
    const watching = watch(world);
    const clients = Array.from({ length: CLIENTS }, () => client(world, random.fork(), isOver));
    const [{ kills, stops }] = await Promise.all([
      disturb(world, random.fork(), isLeftAlone),
      changeWeather(sky, phases, isOver),
      ...clients,
    ]);
    await expectHealed(world);
    await expectTidy(world, world.subject.descriptorsAtStart);
    const most = watching.end();
    const memory = { most: most.memory, atRest: subject.memory() };
    const descriptors = { atStart: subject.descriptorsAtStart, most: most.descriptors, atEnd: subject.descriptors() };
    if (memory.most > MOST_MEMORY) world.fault("memory", `at most ${MOST_MEMORY} bytes`, `${memory.most}`);
    if (memory.atRest > MOST_AT_REST) world.fault("memory at rest", `at most ${MOST_AT_REST}`, `${memory.atRest}`);
    await stopCleanly(world);
    for (const found of defectsIn(subject.output)) world.fault("the server's log", "no defect of the program", found);
    for (const found of faultsInState(subject.state, kills * CLIENTS))
      world.fault("the state directory", "sound", found);
    const log = world.tally.violations.length > 0 ? keptLog(subject.output) : undefined;
    const upstreamRequests = upstream.requests();
    const where = [...(inContainer ? ["--container"] : []), ...(behindNginx ? ["--nginx"] : [])];
    report(world, { seed, minutes, where, kills, stops, memory, descriptors, upstreamRequests, log });
  } finally {
    await subject.kill();
    await subject.close();
    await upstream.stop();
    world.asker.close();
    removeDirectory(folder);
  }
}

/** The lines of a log that have the stack of a defect below them. */
const defectsIn = (log: string) => [...log.matchAll(/^(.*)\n((?: +at .*\n)+)/gm)].map(([both]) => both.trim());

/** Writes the server's log into a file, and returns its path. */
function keptLog(log: string): string {
  mkdirSync(FOUND, { recursive: true });
  const file = join(FOUND, "server.log");
  writeFileSync(file, log);
  return relative(process.cwd(), file);
}

/** What is there before anything fails: tokens, the addresses of files, and a name that the team hosts. */
async function furnish(world: World): Promise<void> {
  world.reader = (await createToken(world, ["read"])) ?? "";
  world.uploader = (await createToken(world, ["read", "upload"])) ?? "";
  const heard = await world.ask("/simple/soak-1/", { headers: { accept: "application/vnd.pypi.simple.v1+json" } });
  const [first] = readListed(world, heard, [200]) ?? [];
  const file = first && world.fileNamed(first.filename);
  if (!file) throw new CommandError("The server gave no page before anything failed.");
  world.learnPaths(file, new URL(first.url, `${world.subject.origin}/simple/soak-1/`).href);
  const hidden = await buildWheel({ name: HIDDEN, version: "7.0" });
  if (!world.expect(await send(world, hidden), [200])) throw new CommandError("The server took no upload.");
}

/** Prints a line every ten seconds, and keeps the highest figures of memory (bytes) and of open descriptors. */
function watch(world: World): { end(): { readonly memory: number; readonly descriptors: number } } {
  const most = { memory: 0, descriptors: 0 };
  const looking = setInterval(() => {
    most.memory = Math.max(most.memory, world.subject.memory());
    most.descriptors = Math.max(most.descriptors, world.subject.descriptors());
  }, SECOND / 4);
  const telling = setInterval(() => console.log(line(world)), 10 * SECOND);
  return {
    end() {
      clearInterval(looking);
      clearInterval(telling);
      return most;
    },
  };
}

function line({ elapsed, sky, tally, subject }: World): string {
  const memory = `${inMB(subject.memory())} MB`;
  const figures = [`${tally.requests} requests`, tally.kinds(), memory, `${subject.descriptors()} descriptors`];
  return `${elapsed.toFixed(0).padStart(4)} s  ${sky.weather.padEnd(7)}  ${figures.join("; ")}; violations: ${tally.violations.length}`;
}

function whole(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`${what} ${text}: a whole number is expected.`);
}

await runCommandLine(
  new Command("soak")
    .description("tries the server for so many minutes, with an upstream that fails and with kills")
    .argument("<minutes>", "how long")
    .option("--seed <n>", "what is asked, and how the upstream fails", `${Date.now() % 1_000_000}`)
    .option("--container", "from the package, on a read-only file system, as an unknown user; needs root")
    .option("--nginx", "behind nginx, with the settings of docs/self-host.md; needs nginx")
    .action((minutes, { seed, container, nginx }) =>
      soak({
        minutes: whole("MINUTES", minutes),
        seed: whole("--seed", seed),
        inContainer: container === true,
        behindNginx: nginx === true,
      }),
    ),
);
