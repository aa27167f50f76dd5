import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT_CODES } from "../../cli/lib/command-error.ts";
import { program } from "../../cli/program.ts";
import { tableOf } from "./markdown.ts";

const GENERATED = "<!-- Made by npm run docs from the commands themselves. -->";

/** docs/commands.md: every command with its arguments, options and examples, and the exit codes. */
export function commandsPage(): string {
  const all = program("0.0.0");
  const sections = all.commands.flatMap((command) =>
    command.name() === "help" ? [] : sectionsOf(command, "pypi-edge", 2),
  );
  return `# Commands

${GENERATED}

\`pypi-edge COMMAND --help\` prints the same. In a clone it is \`npx pypi-edge\`.

## Which server

A command speaks to the server of \`--url\`, else of \`PYPI_EDGE_URL\`, else of the profile that \`pypi-edge login\` wrote, else to the one whose state
directory is \`.pypi-edge\` in this folder or one above it, else in the clone. It shows the token of \`--token\`, else of \`PYPI_EDGE_TOKEN\`, else the profile's where the
address is the profile's, else the admin token of the state directory, to the server that has noted its address there, or one on this machine.
\`--token -\` reads the token from standard input, so that it is in no process list.

## Exit codes

${tableOf(
  ["code", "meaning"],
  Object.values(EXIT_CODES).map(({ code, meaning }) => [`${code}`, meaning]),
)}

${sections.join("\n\n")}
`;
}

function sectionsOf(command: CommandUnknownOpts, path: string, level: number): string[] {
  const name = `${path} ${command.name()}`;
  const own = [`${"#".repeat(level)} ${name}`, sentence(command.description())];
  if (command.commands.length === 0) {
    const args = command.registeredArguments.map((argument) => {
      const shown = `${argument.name()}${argument.variadic ? "…" : ""}`;
      return argument.required ? shown.toUpperCase() : `[${shown.toUpperCase()}]`;
    });
    own.push(`\`${[name, ...args, "[options]"].join(" ")}\``);
    const described = command.registeredArguments.filter(({ description }) => description);
    if (described.length > 0) {
      own.push(
        tableOf(
          ["argument", "meaning"],
          described.map((it) => [`\`${it.name().toUpperCase()}\``, cell(it.description)]),
        ),
      );
    }
    const options = command.options.map(({ flags, description, defaultValue, mandatory }) => [
      `\`${flags}\`${mandatory ? " (required)" : ""}`,
      cell(description),
      typeof defaultValue === "string" && defaultValue !== "" ? `\`${defaultValue}\`` : "",
    ]);
    if (options.length > 0) own.push(tableOf(["option", "meaning", "default"], options));
  }
  const below = command.commands.filter((each) => each.name() !== "help");
  return [own.join("\n\n"), ...below.flatMap((each) => sectionsOf(each, name, level + 1))];
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Text for a cell of a table. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("<", "&lt;");
