import type { Config } from "../../schema/config.ts";
import { clientSetups } from "../../worker/pypi/setups.ts";
import { tokenFile } from "./admin-token.ts";
import { stateDirectory } from "../lib/state.ts";
import { publicAddress, type StartOptions } from "./options.ts";

/** Says where it serves, what from, and what to type next. */
export function announce(options: StartOptions, { indexes, feed }: Config): void {
  const root = publicAddress(options);
  const [main, ...others] = indexes;
  const commands = clientSetups(`${root}/simple/`, main.isPrivate)
    .filter(({ client }) => client === "pip" || client === "uv")
    .map(({ steps: [once] }) => `  ${once?.text}`);
  console.log(`pypi-edge is ready at ${root}/ (upstream ${addresses(main)}, kept in ${options.state})
${others.map((index) => `and at ${root}${index.base}/simple/ (upstream ${addresses(index)})\n`).join("")}
${commands.join("\n")}

The admin token is in ${tokenFile(options.state)}; ${adminCommands(options)}
${reading(options, main)}${hosting(options, indexes)}${freshness(feed, options.cron)}Ctrl-C stops it; what is stored stays.
`);
}

const addresses = ({ upstreams }: Config["indexes"][number]) => upstreams.map(({ url }) => url.href).join(", then ");

/** How the other commands find this server: through its state directory, which those of this folder and below look into. */
const adminCommands = (options: StartOptions) =>
  `the other commands find it there: npx pypi-edge jobs list${state(options)}`;

/** What is to be typed for a command to find this server's state; nothing where it does by itself. */
function state(options: StartOptions): string {
  return options.state === stateDirectory(undefined) ? "" : ` --state ${typed(options.state)}`;
}

/** How the TOKEN of the lines above is made, in one line; nothing where anyone reads the index, or its line on uploads says it. */
const reading = (options: StartOptions, { name, hosted, isPrivate }: Config["indexes"][number]) =>
  isPrivate && !hosted
    ? `${name} is read with a token: npx pypi-edge token create --index ${name} --scope read${state(options)}\n`
    : "";

/** How the first index that takes uploads gets its tokens, in one line; nothing where none does. */
function hosting(options: StartOptions, indexes: Config["indexes"]): string {
  const hosted = indexes.find((index) => index.hosted);
  if (!hosted) return "";
  const { name, isPrivate } = hosted;
  const scopes = isPrivate ? "read,upload" : "upload";
  const need = isPrivate ? "is read, and uploaded to, with a token" : "is uploaded to with a token";
  return `${name} ${need}: npx pypi-edge token create --index ${name} --scope ${scopes}${state(options)}\n`;
}

/** A word as a shell has to be given it. */
const typed = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** How pages stay fresh, in one line; nothing where it is by the crons alone. */
function freshness(feed: boolean, cron: boolean): string {
  if (cron) return feed ? "The upstream's change log is followed, where it has one.\n" : "";
  return feed
    ? "No cron is fired (--no-cron): the upstream's change log is read only by npx pypi-edge jobs run feed.\n"
    : "No cron is fired (--no-cron): nothing is fetched but what is asked for.\n";
}
