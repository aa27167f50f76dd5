import { clientSetups } from "../../worker/pypi/setups.ts";

/**
 * Lines that install through an index with pip and with uv, indented.
 *
 * @param index its URL, such as `https://host/simple/`
 */
export const installCommands = (index: string, isPrivate: boolean): string[] =>
  clientSetups(index, isPrivate)
    .filter(({ client }) => client === "pip" || client === "uv")
    .map(({ steps: [once] }) => `  ${once?.text}`);
