import { installCommands } from "../lib/install-commands.ts";
import type { Wanted } from "./wanted.ts";

/** What is printed at the end of a deployment: the index's URL, and the commands to type next. */
export const nextSteps = ({ href }: URL, { isPrivate, hosted }: Wanted) => `
The index is at ${href}simple/

${installCommands(`${href}simple/`, isPrivate).join("\n")}

Store the admin token for the other commands:
  pypi-edge login --url ${href} --token -
${hosted === undefined ? "" : `\nA token to upload to ${hosted}, and read it:\n  pypi-edge token create --index ${hosted} --scope read,upload --name release\n`}`;
