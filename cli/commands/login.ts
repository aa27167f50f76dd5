import { command } from "../lib/command.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { sendRequest } from "../lib/admin-api.ts";
import { deleteProfile, profileFile, writeProfile } from "../lib/profile.ts";
import { parseServerAddress, checkTokenText, tokenFromInput } from "../lib/server-address.ts";

/** `pypi-edge login`: stores an address and its token for the other commands. */
export const loginCommand = () =>
  command("login", "store the address and token of a pypi-edge for the other commands", [
    ["pypi-edge login --url https://pypi.example.com --token - < token", "from a file"],
    ["pypi-edge login --url https://pypi.example.com", "asks for the token"],
  ])
    .requiredOption("--url <url>", "its root address")
    .option("--token <token>", "its token; - or left out: read from standard input")
    .action(async (options) => {
      const url = parseServerAddress("--url", options.url);
      if (options.token !== undefined && options.token !== "-") {
        throw usageError(
          "--token takes - only here: on the command line a token is in the process list and the shell's history.",
        );
      }
      const token = checkTokenText(await tokenFromInput());
      await verify(url, token);
      writeProfile({ url: url.href, token });
      console.log(`The address ${url.href} and its token are in ${profileFile()}.`);
    });

/** `pypi-edge logout`: deletes the address and token that `login` has stored. */
export const logoutCommand = () =>
  command("logout", "delete the address and token that login has stored").action(() => {
    console.log(deleteProfile() ? `${profileFile()} is deleted.` : "There is no profile to delete.");
  });

/** Throws where no server answers, or the token is unknown. A token without the permission to list tokens is accepted. */
async function verify(url: URL, token: string): Promise<void> {
  try {
    await sendRequest({ url, token }, "GET", "tokens");
  } catch (error) {
    const isKnown = error instanceof CommandError && error.ending === "refused" && error.status === 403;
    if (!isKnown) throw error;
  }
}
