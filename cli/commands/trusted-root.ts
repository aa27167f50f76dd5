import { readFileSync } from "node:fs";
import { shownTrustedRoot, type NewTrustedRoot, type ShownTrustedRoot } from "../../schema/trusted-root.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { PUBLIC_TUF } from "../../worker/provenance/current-root.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { isThisMachine } from "../lib/this-machine.ts";
import sigstoreRoot from "../trusted-root/sigstore-tuf-root.json" with { type: "json" };
import type { KnownMetadata } from "../trusted-root/update.ts";

/** `pypi-edge trusted-root`: shows and renews the keys by which provenance is verified. */
export const trustedRootCommand = () =>
  command("trusted-root", "show and renew the trusted root, by which provenance is verified")
    .addCommand(update())
    .addCommand(show());

const update = () =>
  forServer(
    command("trusted-root update", "fetch the trusted root of a sigstore, verify it, and have the server go by it", [
      ["pypi-edge trusted-root update --url https://pypi.acme.com", "sigstore's public one"],
      [
        "pypi-edge trusted-root update --from https://tuf.acme.com --tuf-root root.json",
        "one of your own, for the first time",
      ],
    ]),
  )
    .option("--from <url>", "the TUF repository that has it", PUBLIC_TUF)
    .option("--tuf-root <file>", "the root.json by which that repository is trusted, where it is not known yet")
    .action(async ({ from, tufRoot, json: isJson, ...options }) => {
      const source = sourceIn(from);
      const server = await findServer(options);
      const { value: before } = await ask(server, "GET");
      if (before.from === "configuration") {
        throw new CommandError("TRUSTED_ROOT has the trusted root of this server: change it there.");
      }
      const { fetchTrustedRoot } = await import("../trusted-root/update.ts");
      const fetched = await fetchTrustedRoot(source, knownOf(source, tufRoot, before));
      const { value, json } = await ask(server, "PUT", { ...fetched, source });
      if (isJson) return console.log(JSON.stringify(json));
      const isSame = value.id === before.id;
      console.log(
        escaped(`${isSame ? "The keys are as they were." : "The keys are others than before."} ${sentenceOf(value)}`),
      );
    });

const show = () =>
  forServer(
    command("trusted-root show", "say which trusted root the server goes by, since when, and where it is from"),
  ).action(async ({ json: isJson, ...options }) => {
    const { value, json } = await ask(await findServer(options), "GET");
    console.log(isJson ? JSON.stringify(json) : escaped(sentenceOf(value)));
  });

async function ask(server: ServerAccess, method: "GET" | "PUT", body?: NewTrustedRoot) {
  const sent = await sendRequest(server, method, "trusted-root", body && JSON.stringify(body));
  return readApiJson(server, shownTrustedRoot, sent);
}

function sourceIn(from: string): string {
  const url = URL.parse(from);
  if (url && (url.protocol === "https:" || isThisMachine(url.hostname))) return url.href.replace(/\/$/, "");
  throw usageError("--from must be an address that begins with https://.");
}

/** By what the repository is trusted: what was stored the last time, else the file, else what this version has of sigstore's. */
function knownOf(source: string, tufRoot: string | undefined, { stored }: ShownTrustedRoot): KnownMetadata {
  if (stored?.source === source) return stored.metadata;
  if (tufRoot !== undefined) {
    try {
      return { root: readFileSync(tufRoot, "utf8") };
    } catch (error) {
      throw new CommandError(`--tuf-root ${tufRoot}: ${fileErrorText(error)}.`);
    }
  }
  if (source === PUBLIC_TUF) return { root: JSON.stringify(sigstoreRoot) };
  throw usageError(`Nothing is known of ${source} yet: --tuf-root names the root.json by which it is trusted.`);
}

const ORIGINS = {
  configuration: () => "TRUSTED_ROOT",
  stored: ({ stored }) => stored?.source ?? "",
  shipped: () => "this version of pypi-edge",
} as const satisfies Record<ShownTrustedRoot["from"], (root: ShownTrustedRoot) => string>;

function sentenceOf(root: ShownTrustedRoot): string {
  const { id, from, takenAt, expiresAt, trouble } = root;
  const day = (time: string) => time.slice(0, 10);
  const since = takenAt === undefined ? "" : `, taken on ${day(takenAt)}`;
  const until = expiresAt === undefined ? "" : ` It verifies until ${day(expiresAt)}.`;
  return `The trusted root ${id} is of ${ORIGINS[from](root)}${since}.${trouble === undefined ? until : ` ${trouble}`}`;
}
