import { accessIn } from "../deploy/account.ts";
import { deployAll } from "../deploy/deploy-all.ts";
import { planAll, planWithoutAccount } from "../deploy/plan.ts";
import type { DeployTools } from "../deploy/tools.ts";
import { tryAddress } from "../deploy/try-address.ts";
import { uploadWithWrangler } from "../deploy/upload.ts";
import { readWanted, type Wanted } from "../deploy/wanted.ts";
import { command } from "../lib/command.ts";
import { OWN_CONFIGURATION } from "../lib/project-folder.ts";

interface DeployOptions {
  readonly config?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly check: boolean;
  readonly project: string;
}

/** `pypi-edge deploy`: makes a deployment on Cloudflare what the configuration says, however often it is run. */
export const deployCommand = () =>
  command("deploy", "deploy to Cloudflare: make what is missing, migrate, upload, check; run again, it goes on", [
    ["pypi-edge deploy --dry-run", "what would be done; without CLOUDFLARE_API_TOKEN it asks no account"],
    ["pypi-edge deploy", `the deployment of this folder's ${OWN_CONFIGURATION}`],
    ["pypi-edge deploy --config staging.toml", "another one beside it"],
  ])
    .option(
      "--config <file>",
      `the deployment's configuration (${OWN_CONFIGURATION}; in a clone without it: wrangler.toml)`,
    )
    .option("--dry-run", "print what would be done, and change nothing")
    .option("--no-check", "do not try the address afterwards")
    .option("--project <name>", "a project that the default index has, with small files, for the check", "idna")
    .action(deploy);

async function deploy({ config, dryRun, check, project }: DeployOptions): Promise<void> {
  const { env } = process;
  const wanted = readWanted(config, env);
  if (dryRun && !env["CLOUDFLARE_API_TOKEN"]) {
    console.error("CLOUDFLARE_API_TOKEN is not set: what is there already is not known.");
    planWithoutAccount(wanted, (line) => console.log(line));
    return;
  }
  const tools = toolsFor(wanted, check, project);
  await (dryRun ? planAll(wanted, tools) : deployAll(wanted, tools));
}

function toolsFor({ isPrivate }: Wanted, check: boolean, project: string): DeployTools {
  const remark = (line: string) => console.error(line);
  return {
    credentials: accessIn(process.env),
    upload: uploadWithWrangler,
    check: (root) => (check ? tryAddress(root, { isPrivate, project, remark }) : Promise.resolve()),
    print: (line) => console.log(line),
    remark,
    env: process.env,
  };
}
