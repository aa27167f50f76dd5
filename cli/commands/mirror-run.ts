import { setTimeout as sleep } from "node:timers/promises";
import { mirrorStatuses, type ShownMirror } from "../../schema/mirror-api.ts";
import { SECOND } from "../../worker/duration.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { statusLines } from "../mirror/lines.ts";
import { sourceQuery } from "../mirror/source-query.ts";

/** How often a run that is waited for is asked about. Milliseconds. */
const ASKED = SECOND;

const SOURCE = ["--source <name>", "the upstream, by its name in the configuration"] as const;

/** `pypi-edge mirror status`: how far the mirrors are. */
export const mirrorStatusCommand = () =>
  forServer(command("mirror status", "show how far the mirrors are: progress, rate, lag, errors, time left"))
    .option(...SOURCE)
    .action(async (options) => {
      const server = await findServer(options);
      const { mirrors, json } = await statusOf(server, options.source);
      if (options.json) return console.log(JSON.stringify(json));
      return console.log(mirrors.flatMap((mirror) => statusLines(mirror, Date.now())).join("\n"));
    });

/** `pypi-edge mirror run`: has all that is mirrored looked at now. */
export const mirrorRunCommand = () =>
  forServer(
    command("mirror run", "look at all that is mirrored now, and fetch what is missing", [
      ["pypi-edge mirror run --wait", "until all is stored; it fails where something could not be"],
    ]),
  )
    .option(...SOURCE)
    .option("--wait", "wait until nothing is left to do, and fail where something could not be mirrored")
    .action(async (options) => {
      const server = await findServer(options);
      const answer = await sendRequest(server, "POST", "mirror/run", JSON.stringify({ source: options.source }));
      const started = await readApiJson(server, mirrorStatuses, answer);
      const [mirror] = started.value.mirrors;
      if (!options.wait || !mirror) {
        const said = `${mirror?.source}: a run of its mirror is queued; pypi-edge mirror status shows how far it is.`;
        return console.log(options.json ? JSON.stringify(started.json) : escaped(said));
      }
      const { mirror: ended, json } = await waited(server, mirror.source);
      if (options.json) console.log(JSON.stringify(json));
      else console.log(statusLines(ended, Date.now()).join("\n"));
      if (ended.errors > 0) {
        throw new CommandError(`${ended.errors} could not be mirrored; pypi-edge mirror errors shows the reasons.`);
      }
      return undefined;
    });

async function waited(server: ServerAccess, source: string): Promise<{ mirror: ShownMirror; json: unknown }> {
  const bar = showProgress(process.stderr);
  try {
    for (;;) {
      const { mirrors, json } = await statusOf(server, source);
      const [mirror] = mirrors;
      if (!mirror) throw new CommandError(`${source} is no longer mirrored.`);
      if (mirror.isIdle) return { mirror, json };
      const { missing, files, due } = mirror;
      bar.show({ done: Math.max(files - missing, 0), of: files, unit: "files", text: `${due} projects to look at` });
      await sleep(ASKED);
    }
  } finally {
    bar.end();
  }
}

async function statusOf(server: ServerAccess, source: string | undefined) {
  const answer = await sendRequest(server, "GET", `mirror${sourceQuery(source)}`);
  const { value, json } = await readApiJson(server, mirrorStatuses, answer);
  return { mirrors: value.mirrors, json };
}
