import { escaped } from "../worker/pypi/shown.ts";
import { doneAnswer, releasedProject, STATUSES } from "../schema/release.ts";
import { confirmDeletion } from "./admin/confirm.ts";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "./admin/options.ts";
import { send } from "./admin/post.ts";
import { listing } from "./admin/releases.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { parseArguments } from "./arguments.ts";

const USAGE = `npm run release -- ACTION PROJECT … --index NAME [options]   what becomes of a release that was published
  show PROJECT               its releases and files
  yank PROJECT VERSION       nobody gets it any more who does not ask for just this version
  unyank PROJECT VERSION     takes that back
  delete PROJECT VERSION     for good: its files' names stay used, but in a volatile index
  status PROJECT STATUS      ${STATUSES.join(", ")}
  promote PROJECT VERSION    gives it to another index as well; its bytes are stored once
  --index NAME     the index that hosts it
  --to NAME        promote: the index that is to have it, too
  --reason TEXT    yank, status: why; yank without it keeps the reason that there is, '' clears it
  --filename NAME  yank, unyank, delete: one file of the release
  --yes            delete: without asking
${SERVER_USAGE}`;

/** What each action takes beside the project and its index. */
const ACTIONS = {
  show: { second: undefined, options: [] },
  yank: { second: "VERSION", options: ["reason", "filename"] },
  unyank: { second: "VERSION", options: ["filename"] },
  delete: { second: "VERSION", options: ["filename", "yes"] },
  status: { second: "STATUS", options: ["reason"] },
  promote: { second: "VERSION", options: ["to"] },
} as const satisfies Record<string, { second: string | undefined; options: readonly Own[] }>;

type Action = keyof typeof ACTIONS;
type Own = "reason" | "filename" | "to" | "yes";

interface Release {
  readonly server: Server;
  readonly action: Action;
  readonly index: string;
  readonly project: string;
  /** The version, or the status; empty where the action takes neither. */
  readonly second: string;
  readonly reason?: string | undefined;
  readonly filename?: string | undefined;
  readonly to: string;
  readonly yes: boolean;
}

/** `npm run release`: one request, and what the server says that it did. */
async function release(it: Release): Promise<void> {
  const { server, action, index, project, second, reason, filename, to, yes } = it;
  const place = `indexes/${encodeURIComponent(index)}/projects/${encodeURIComponent(project)}`;
  const below = `${place}/${encodeURIComponent(second)}`;
  const query = filename === undefined ? "" : `?${new URLSearchParams({ filename })}`;
  const why = reason === undefined ? {} : { reason };
  switch (action) {
    case "show":
      return show(await send(server, "GET", place), server);
    case "yank":
      return said(await send(server, "POST", `${below}/yank${query}`, JSON.stringify(why)), server);
    case "unyank":
      return said(await send(server, "POST", `${below}/unyank${query}`), server);
    case "delete":
      if (!yes) await confirmDeletion(`${filename ?? `${project} ${second}`} from ${index}`);
      return said(await send(server, "DELETE", `${below}${query}`), server);
    case "status":
      return said(await send(server, "PUT", `${place}/status`, JSON.stringify({ status: second, ...why })), server);
    case "promote":
      return said(await send(server, "POST", `${below}/promote`, JSON.stringify({ to })), server);
  }
}

async function said(answer: Response, server: Server): Promise<void> {
  const { data } = doneAnswer.safeParse(await answer.json().catch(() => undefined));
  if (!data) throw notOurs(server);
  console.log(escaped(data.did));
}

async function show(answer: Response, server: Server): Promise<void> {
  const { data } = releasedProject.safeParse(await answer.json().catch(() => undefined));
  if (!data) throw notOurs(server);
  console.log(listing(data));
}

const notOurs = ({ url }: Server) => new Sentence(`${url.href} did not say what it did; is it a current pypi-edge?`);

function readOptions(args: string[]): Release | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [action = "", project, second, ...others] = positionals;
  if (!isAction(action)) throw wrong(action === "" ? "An action is expected." : `There is no action ${action}.`);
  const takes = ACTIONS[action];
  if (project === undefined) throw wrong(`${action} wants a PROJECT.`);
  if (takes.second !== undefined && second === undefined)
    throw wrong(`${action} wants a PROJECT and a ${takes.second}.`);
  if (others.length > 0 || (takes.second === undefined && second !== undefined)) {
    throw wrong(`${action} takes no ${others[0] ?? second}.`);
  }
  if (values.index === undefined) throw wrong("Which index hosts it? --index NAME.");
  const { reason, filename, to, yes } = values;
  for (const [option, value] of Object.entries({ reason, filename, to, yes })) {
    const isKnown = takes.options.some((known) => known === option);
    if (value !== undefined && !isKnown) throw wrong(`--${option} is nothing that ${action} takes.`);
  }
  if (action === "promote" && to === undefined) throw wrong("Which index is to have it? --to NAME.");
  return {
    server: readServer(values),
    action,
    index: values.index,
    project,
    second: second ?? "",
    reason,
    filename,
    to: to ?? "",
    yes: yes ?? false,
  };
}

const isAction = (text: string): text is Action => Object.hasOwn(ACTIONS, text);

const wrong = (sentence: string) => new Sentence(`${sentence}\n\n${USAGE}`);

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        index: { type: "string" },
        reason: { type: "string" },
        filename: { type: "string" },
        to: { type: "string" },
        yes: { type: "boolean" },
      },
    },
    USAGE,
  );
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await release(options);
});
