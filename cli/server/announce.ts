import type { Config } from "../../schema/config.ts";
import { setups } from "../../worker/pypi/setups.ts";
import { tokenFile } from "./admin-token.ts";
import { publicAddress, type StartOptions } from "./options.ts";

/** Says where it serves, what from, and what to type next. */
export function announce(options: StartOptions, { indexes }: Config): void {
  const root = publicAddress(options);
  const commands = setups(`${root}/simple/`)
    .filter(({ client }) => client === "pip" || client === "uv")
    .map(({ steps: [once] }) => `  ${once?.text}`);
  const [main, ...others] = indexes;
  console.log(`pypi-edge is ready at ${root}/ (upstream ${addresses(main)}, kept in ${options.state})
${others.map((index) => `and at ${root}${index.base}/simple/ (upstream ${addresses(index)})\n`).join("")}
${commands.join("\n")}

The admin token is in ${tokenFile(options.state)}; npm run warm and npm run cron find it there.
Ctrl-C stops it; what is stored stays.
`);
}

const addresses = ({ upstreams }: Config["indexes"][number]) => upstreams.map(({ url }) => url.href).join(", then ");
