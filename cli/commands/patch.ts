import { asProjectName } from "../../worker/pypi/name.ts";
import { normalVersion } from "../../worker/pypi/pep440.ts";
import { removeDirectory, temporaryDirectory } from "../demo/leftovers.ts";
import { command, forServer, repeated } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
import { findServer } from "../lib/server-address.ts";
import { forksOf } from "../patch/own-forks.ts";
import { readPatches } from "../patch/patch-file.ts";

/** `pypi-edge patch`: an upstream's release with patches, built and hosted beside the upstream's own releases. */
export const patchCommand = () =>
  forServer(
    command("patch", "build an upstream's release with patches, and host it beside the upstream's releases", [
      ["pypi-edge patch six==1.16.0 --patch fix.patch --index team --reason 'issue 12'", "six 1.16.0+team.1"],
      ["pypi-edge patch six==1.16.0 --patch fix.patch --index team --reason 'issue 12' --dry-run", "build it only"],
      ["pypi-edge patch six==1.16.0 --wheel --patch fix.patch --index team --reason 'issue 12'", "without a build"],
    ]),
  )
    .argument("<release>", "the upstream's release: NAME==VERSION")
    .requiredOption("--patch <file>", "a unified diff, as git diff and git format-patch write it; repeatable", repeated)
    .requiredOption("--reason <text>", "why; pypi-edge forks list shows it")
    .option("--index <name>", "the index that hosts it; a token with the scopes read and upload is enough", "team")
    .option(
      "--local <label>",
      "the local label of the version, such as acme.1 (default: the index's name and a number)",
    )
    .option("--wheel", "patch the wheel instead of the sdist: for projects of Python code alone; nothing is built")
    .option("--dry-run", "apply the patches and build, and upload nothing")
    .action(async (release, { patch, reason, index, local, wheel, dryRun, json, ...options }) => {
      const { project, version } = releaseIn(release);
      const patches = readPatches(patch);
      const server = await findServer(options);
      const { value } = await forksOf(server, index);
      const { forks, merge } = value;
      // What unpacks and builds takes a moment to load.
      const { patchRelease } = await import("../patch/patch-all.ts");
      const folder = temporaryDirectory();
      try {
        const say = (line: string) => console.error(line);
        const kind = wheel === true ? "wheel" : "sdist";
        const more = { forks, merge, kind, reason, label: local, dryRun: dryRun === true, folder, say } as const;
        const patched = await patchRelease({ server, index, project, version, patches, ...more });
        if (json) return console.log(JSON.stringify({ index, ...patched }));
        const { version: made, files, wasThere } = patched;
        const state = dryRun === true ? "can be built" : wasThere ? "was there already" : "is there now";
        console.log(`${project} ${made} in ${index} ${state}: ${files.join(", ")}.`);
      } finally {
        removeDirectory(folder);
      }
    });

function releaseIn(text: string) {
  const [name = "", raw = "", ...more] = text.split("==");
  const project = asProjectName(name.trim());
  const version = normalVersion(raw.trim());
  if (project && version !== undefined && more.length === 0) return { project, version };
  throw usageError(`${text} does not name a release: NAME==VERSION does, such as six==1.16.0.`);
}
