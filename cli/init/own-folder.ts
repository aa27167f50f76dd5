import { readdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ownDeployment } from "../../schema/own-deployment.ts";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { writeErrorText } from "../../server/file-errors.ts";
import { OWN_CONFIGURATION } from "../lib/project-folder.ts";

interface OwnFolder {
  readonly files: readonly string[];
  /** The command that enters the folder; empty where it is this one. */
  readonly enter: string;
}

/**
 * Writes the files of an owner's folder.
 *
 * @param named the deployment's name; undefined: the folder's own
 * @param version of pypi-edge, on which package.json depends
 * @throws CommandError where something is in the folder, or it cannot be written
 */
export async function writeFolder(folder: string, named: string | undefined, version: string): Promise<OwnFolder> {
  const path = resolve(folder);
  const name = nameOf(named ?? basename(path).toLowerCase(), named === undefined);
  try {
    makeFolder(path);
    // A repository that has just been made is empty.
    const found = (await readdir(path)).filter((each) => each !== ".git");
    if (found.length > 0)
      throw new CommandError(`${path} is not empty (it has ${found[0]}): nothing was written. Name a folder that is.`);
    const files = filesOf(name, version);
    // A file that has come meanwhile is not replaced.
    for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text, { flag: "wx" });
    return {
      files: Object.keys(files).map((file) => join(folder, file)),
      enter: path === resolve(".") ? "" : `cd ${folder} && `,
    };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path} cannot be written: ${writeErrorText(error)}.`);
  }
}

function nameOf(name: string, isFolder: boolean): string {
  const parsed = ownDeployment.shape.name.safeParse(name);
  if (parsed.success) return name;
  const advice = isFolder ? " Give the deployment another name than the folder's with --name NAME." : "";
  throw usageError(`The name ${name} ${parsed.error.issues[0]?.message}.${advice}`);
}

function filesOf(name: string, version: string): Readonly<Record<string, string>> {
  const manifest = {
    name,
    private: true,
    scripts: { start: "pypi-edge serve", deploy: "pypi-edge deploy" },
    dependencies: { "pypi-edge": `^${version}` },
  };
  return {
    [OWN_CONFIGURATION]: configurationOf(name),
    "package.json": `${JSON.stringify(manifest, undefined, 2)}\n`,
    ".gitignore": "node_modules/\n.pypi-edge/\n.wrangler/\n.env\n",
  };
}

const configurationOf = (
  name: string,
) => `# The settings of your deployment. An upgrade of pypi-edge does not change this file.

# The worker's name; what it stores in is named after it. It cannot be changed later: another name is another deployment.
name = "${name}"

# Where the bucket and the database are made: wnam, enam, weur, eeur, apac or oc. They cannot be moved later.
# location = "weur"

# The host name that people use, in a zone of the account. On workers.dev Cloudflare's cache has no effect.
# domain = "pypi.example.com"

# "free": values that Cloudflare's free plan has room for.
# plan = "free"

# Each key is in docs/configuration.md of pypi-edge. A value here replaces the one that is shipped; UPSTREAMS, INDEXES and
# TRUSTED are each replaced whole.
[vars]
# Names that are never asked of an upstream: they are hosted here, or nowhere.
RESERVED = []

[vars.UPSTREAMS.pypi]
url = "https://pypi.org/simple/"
files = "https://files.pythonhosted.org/"

# At /simple/, for anyone.
[vars.INDEXES.default]
sources = ["pypi"]

# At /team/simple/, with a token: your uploads, which hide the same names in default, and all else that default has.
[vars.INDEXES.team]
sources = ["default"]
hosted = true
`;
