import { noticesTried } from "../../schema/notify.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { findServer } from "../lib/server-address.ts";

/** `pypi-edge notify`: tries the receivers that are told of events. */
export const notifyCommand = () => command("notify", "try the receivers of webhooks").addCommand(test());

const test = () =>
  forServer(
    command("notify test", "have the server send each receiver in NOTIFY a signed notice, and say whether it took it", [
      ["pypi-edge notify test", "from the server on this machine"],
    ]),
  ).action(async ({ json, ...options }) => {
    const server = await findServer(options);
    const answer = await sendRequest(server, "POST", "notify/test");
    const { value, json: text } = await readApiJson(server, noticesTried, answer);
    const lines = value.receivers.map(({ url, taken, reason }) =>
      taken ? `${url} took it.` : `${url} did not take it: ${reason ?? "unknown"}.`,
    );
    console.log(json ? JSON.stringify(text) : lines.map(escaped).join("\n"));
    const failed = value.receivers.filter(({ taken }) => !taken).length;
    if (failed > 0) throw new CommandError(`${failed} of ${value.receivers.length} did not take it.`);
  });
