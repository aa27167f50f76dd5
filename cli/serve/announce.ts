import type { Config } from "../../schema/config.ts";
import { tokenFile } from "./admin-token.ts";
import { installCommands } from "../lib/install-commands.ts";
import { stateDirectory } from "../lib/state.ts";
import { publicAddress } from "./address.ts";
import type { StartOptions } from "./options.ts";

/** Prints the server's address, its upstreams, and the commands to type next. */
export function announce(options: StartOptions, { indexes, feed }: Config): void {
  const root = publicAddress(options);
  const [main, ...others] = indexes;
  const commands = installCommands(`${root}/simple/`, main.isPrivate);
  console.log(`pypi-edge is ready at ${root}/ (${sources(main)}, stored in ${options.state})
${others.map((index) => `and at ${root}${index.base}/simple/ (${sources(index)})\n`).join("")}
${commands.join("\n")}

The admin token is in ${tokenFile(options.state)}; ${adminCommands(options)}
In a browser, sign in with it at ${root}/-/sign-in
${reading(options, main)}${hosting(options, indexes)}${undated(indexes)}${freshness(feed, options.cron)}Ctrl-C stops it; the stored files and pages stay.
`);
}

/** An index's upstreams, or that it has none; a source of kind `offline` has no address. */
function sources({ upstreams }: Config["indexes"][number]): string {
  const shown = upstreams.map(({ kind, name, url }) => (kind === "offline" ? `what is carried to ${name}` : url.href));
  if (shown.length === 0) return "no upstream";
  const isOffline = upstreams.every(({ kind }) => kind === "offline");
  return `${isOffline ? "offline, with" : "upstream"} ${shown.join(", then ")}`;
}

/** How the other commands find this server: through its state directory, which those of this folder and below look into. */
const adminCommands = (options: StartOptions) =>
  `the other commands find it there: npx pypi-edge token list${state(options)}`;

/** The option with which a command finds this server's state; empty where the command finds it without one. */
function state(options: StartOptions): string {
  return options.state === stateDirectory(undefined) ? "" : ` --state ${typed(options.state)}`;
}

/** One line on making the TOKEN of the lines above; empty where the index needs no token to read, or where `hosting` prints the command. */
const reading = (options: StartOptions, { name, hosted, isPrivate }: Config["indexes"][number]) =>
  isPrivate && !hosted
    ? `${name} needs a token for reads: npx pypi-edge token create --index ${name} --scope read${state(options)}\n`
    : "";

/** One line on making a token for the first index that takes uploads; empty where no index takes them. */
function hosting(options: StartOptions, indexes: Config["indexes"]): string {
  const hosted = indexes.find((index) => index.hosted);
  if (!hosted) return "";
  const { name, isPrivate } = hosted;
  const scopes = isPrivate ? "read,upload" : "upload";
  const need = isPrivate ? "needs a token for reads and uploads" : "needs a token for uploads";
  return `${name} ${need}: npx pypi-edge token create --index ${name} --scope ${scopes}${state(options)}\n`;
}

/** A line for each page of links whose files a policy holds for having no time of upload, which such a page never has. */
function undated(indexes: Config["indexes"]): string {
  const lines = indexes.flatMap(({ name, policies, upstreams }) =>
    policies
      .filter(({ minAge, before, modes }) => acts(minAge, modes["min-age"]) || acts(before, modes.before))
      .flatMap(({ index, unknownTime: general }) =>
        upstreams.flatMap(({ name: upstream, kind, unknownTime = general }) =>
          kind === "find-links" && unknownTime === "hold"
            ? [
                `${name} holds all files of ${upstream}: a page of links does not say when they were uploaded, which the policy of ${index} asks for. unknown_time = "allow" of UPSTREAMS.${upstream} lets them through.\n`,
              ]
            : [],
        ),
      ),
  );
  return [...new Set(lines)].join("");
}

const acts = (rule: number | undefined, mode: string) => rule !== undefined && (mode === "enforce" || mode === "warn");

/** A word, quoted for a shell where it needs it. */
const typed = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** One line on how pages stay fresh; empty where only the crons refresh them. */
function freshness(feed: boolean, cron: boolean): string {
  if (cron) return feed ? "pypi-edge follows the upstream's change log, where the upstream has one.\n" : "";
  return feed
    ? "No cron is fired (--no-cron): the upstream's change log is read only by npx pypi-edge jobs run feed.\n"
    : "No cron is fired (--no-cron): only files and pages that clients ask for are fetched.\n";
}
