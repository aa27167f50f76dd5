import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { run } from "../../../cli/demo/process.ts";
import { CLI } from "./command.ts";

interface Surroundings {
  /** Where commands run, and where what they need is written. */
  readonly folder: string;
  /** By what the page says, what it is here. */
  readonly places?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** The console blocks of a page below a heading, such as `## Releases`. */
export function consoleBlocks(page: string, heading: string): string[] {
  const level = heading.indexOf(" ");
  const chapter = page.slice(page.indexOf(`\n${heading}\n`) + heading.length + 1);
  const [own = ""] = chapter.split(new RegExp(`\\n#{1,${level}} `));
  return [...own.matchAll(/```console\n([^]*?)```/g)].map(([, block = ""]) => block);
}

/** Has the commands of a console block run one after the other; returns the block with what they print. */
export async function replay(block: string, { folder, places = {}, env = {} }: Surroundings): Promise<string> {
  const commands = block.split(/^\$ /m).slice(1);
  if (commands.length === 0) throw new Error("there is no command");
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "pypi-edge"), `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`, { mode: 0o755 });
  const path = env["PATH"] ?? process.env["PATH"];
  const variables = { ...bareVariables(), XDG_CONFIG_HOME: folder, ...env, PATH: `${bin}:${path}` };
  const exported = commands.filter((each) => each.startsWith("export "));
  let said = "";
  for (const command of commands) {
    const [line = ""] = command.split("\n");
    const real = Object.entries(places).reduce((text, [name, place]) => text.replaceAll(name, place), line);
    // Both of its outputs into one pipe keep their order.
    const script = ["exec 2>&1", ...exported, real.replace(/ +#.*$/, "")].join("\n");
    const { output } = await run("sh", ["-c", script], { cwd: folder, env: variables });
    said += `$ ${line}\n${output}`;
  }
  return Object.entries(places).reduce((text, [name, place]) => text.replaceAll(place, name), said);
}
