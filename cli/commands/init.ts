import { writeFolder } from "../init/own-folder.ts";
import { command } from "../lib/command.ts";
import { OWN_CONFIGURATION } from "../lib/project-folder.ts";

/** `pypi-edge init`: makes a folder for the owner's own configuration, which no upgrade of pypi-edge changes. */
export const initCommand = (version: string) =>
  command("init", "make a folder with the configuration of a deployment of your own", [
    ["pypi-edge init acme-pypi", `acme-pypi/${OWN_CONFIGURATION}, to be kept in a repository of your own`],
  ])
    .argument("[folder]", "an empty folder, or one that does not exist (this one)")
    .option("--name <name>", "the deployment's name (the folder's)")
    .action(async (folder = ".", { name }) => {
      const made = await writeFolder(folder, name, version);
      console.log(`${made.files.map((file) => `made     ${file}`).join("\n")}

Edit ${OWN_CONFIGURATION}, then:
  ${made.enter}npm install
  npm start                  # serves it on this machine
  npm run deploy -- --dry-run
  npm run deploy             # needs CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID`);
    });
