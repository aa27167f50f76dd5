import { bareVariables } from "./environment.ts";
import { pip, uv, type Installer } from "./installer.ts";
import { run } from "./process.ts";

/** The tools of this machine that the demo uses: the Python for its environments, and the installers to try. */
export interface Tools {
  readonly python: string;
  readonly installers: readonly Installer[];
  readonly hasUv: boolean;
}

/** Finds python3, its pip, and uv if there is one. Returns a sentence instead when one of the first two is missing. */
export async function findTools(): Promise<Tools | string> {
  const python = await ask("python3", "-c", "import sys; print(sys.executable)");
  if (python === null) {
    return "The demo installs into real Python environments: it needs python3 on the PATH.";
  }
  const pipVersion = await ask(python, "-m", "pip", "--version");
  if (pipVersion === null) {
    return `The demo needs pip, and ${python} has none: install it (Debian and Ubuntu: apt install python3-pip).`;
  }
  const installers = [pip(firstWords(pipVersion), python)];
  const uvVersion = await ask("uv", "--version");
  if (uvVersion !== null) installers.push(uv(firstWords(uvVersion), "uv"));
  return { python, installers, hasUv: uvVersion !== null };
}

async function ask(command: string, ...args: string[]): Promise<string | null> {
  const { code, output } = await run(command, args, { env: bareVariables() });
  return code === 0 ? output.trim() : null;
}

// "pip 26.3 from /usr/lib/…" and "uv 0.13.9 (x86_64-…)": only name and version are shown.
function firstWords(line: string): string {
  return line.split(" ").slice(0, 2).join(" ");
}
