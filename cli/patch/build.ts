import { readdirSync } from "node:fs";
import { join } from "node:path";
import { MINUTE } from "../../worker/duration.ts";
import { run } from "../demo/process.ts";
import { CommandError } from "../lib/command-error.ts";
import type { InstallerAccess } from "./base.ts";
import { dropFormerMembers } from "./former-members.ts";
import { versionVariables } from "./set-version.ts";

/** A backend that compiles may take long. Milliseconds. */
const BUILD_TIME = 60 * MINUTE;

/** What backends write as the time of members, so that the same input gives the same bytes: 1980-01-02, in seconds. */
const EPOCH = "315619200";

/** The last lines of a failed build, which have its reason. */
const SHOWN_LINES = 30;

/** Settings that would lead the build to another index. */
const isForeign = (name: string) =>
  /^(?:PIP|UV)_/i.test(name) && /INDEX|_(?:FIND_LINKS|CONFIG_FILE|NO_CONFIG|OFFLINE)$/i.test(name);

/** What is built: both kinds from a folder, or the wheel alone from an sdist. */
export interface Build {
  /** An unpacked sdist, or an sdist. */
  readonly source: string;
  readonly isPacked: boolean;
  readonly version: string;
}

/**
 * Builds with the project's own backend, in an environment of its own whose packages come from the index.
 *
 * @param output an empty folder
 * @returns the filenames in it: the sdist first
 * @throws CommandError with the end of the backend's output
 */
export async function build(
  { source, isPacked, version }: Build,
  output: string,
  access: InstallerAccess,
): Promise<string[]> {
  const index = new URL(access.url);
  [index.username = "", index.password = ""] = access.login.split(":");
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name))),
    ...versionVariables(version),
    SOURCE_DATE_EPOCH: EPOCH,
    UV_DEFAULT_INDEX: index.href,
    UV_NO_CONFIG: "1",
    PIP_INDEX_URL: index.href,
    PIP_CONFIG_FILE: "/dev/null",
  };
  const tool = await findTool(env);
  const args = [...tool.args, ...(isPacked ? tool.wheelOnly : []), tool.output, output, source];
  const { code, output: said } = await run(tool.command, args, { env, timeoutMs: BUILD_TIME });
  if (code === 0) {
    const files = readdirSync(output).filter(isDistribution).toSorted(sdistFirst);
    for (const file of files) if (file.endsWith(".tar.gz")) await dropFormerMembers(join(output, file));
    return files;
  }
  const lines = said.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
  throw new CommandError(`The build failed:\n${lines.replaceAll(access.login, "__token__:…")}`);
}

const isDistribution = (filename: string) => /\.(?:whl|tar\.gz)$/.test(filename);

const sdistFirst = (one: string, other: string) => Number(one.endsWith(".whl")) - Number(other.endsWith(".whl"));

interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  readonly wheelOnly: readonly string[];
  readonly output: string;
}

const TOOLS: readonly Tool[] = [
  { command: "uv", args: ["build", "--no-progress"], wheelOnly: ["--wheel"], output: "--out-dir" },
  { command: "python3", args: ["-m", "build"], wheelOnly: ["--wheel"], output: "--outdir" },
];

async function findTool(env: NodeJS.ProcessEnv): Promise<Tool> {
  for (const tool of TOOLS) {
    const { code } = await run(tool.command, [...tool.args.slice(0, tool.command === "uv" ? 0 : 2), "--version"], {
      env,
    });
    if (code === 0) return tool;
  }
  throw new CommandError(
    "Neither uv nor python3 -m build is there to build with: install one of them (pip install uv).",
  );
}
