import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { requestIdentity } from "./identity.ts";
import { keepLocks, lockBytes, type KeptLock } from "./locks.ts";
import { exportVariable, input, isOn, keep, mask, runAction, say, setOutput, summarize, variable } from "./runner.ts";
import { addressesOf, exchangeToken, mapLock, type Server } from "./server.ts";
import { platformOf, warmForJob } from "./warm.ts";

await runAction(async () => {
  const { root, base } = addressesOf(input("url"), input("index"));
  const isWarming = isOn("warm");
  const given = input("token");
  const minted = given === "" && requestIdentity ? await exchangeToken(root, requestIdentity) : "";
  if (given === "" && requestIdentity && minted === "") {
    say(
      `${root.href} exchanges no identity tokens, so the job goes on without a token. Is url its root, and AUDIENCE configured?`,
    );
  }
  const server: Server = { root, base, token: given || minted };
  if (server.token !== "") mask(server.token);
  if (minted !== "") keep("minted", minted);
  configureClients(server);
  const locks = input("lock")
    .split("\n")
    .map((path) => path.trim())
    .filter((path) => path !== "");
  if (locks.length === 0) return;
  const originals = locks.map((path) => ({ path, bytes: lockBytes(path) }));
  const platform = input("platform") || platformOf(variable("RUNNER_OS"), variable("RUNNER_ARCH"));
  const mapped: KeptLock[] = [];
  for (const { path, bytes } of originals) {
    const filename = basename(path);
    const local = await mapLock(server, "local", filename, bytes);
    mapped.push({ path, original: bytes, local });
    say(`${path}: mapped to ${base.href}.`);
    if (!isWarming) continue;
    if (server.token === "") {
      say(`${path}: not warmed, which takes a token.`);
      continue;
    }
    const python = input("python");
    const query = { filename, ...(python && { python }), ...(platform && platform !== "all" && { platform }) };
    await warmForJob(server, path, query, bytes);
  }
  // Kept before any is written: whatever happens then, the end of the job knows them.
  keepLocks(mapped);
  for (const { path, local } of mapped) writeFileSync(path, local);
});

/** Has uv and pip of all later steps use the index. */
function configureClients({ base, token }: Server): void {
  // uv writes an index to its lock as it is given, and PyPI's has no final slash.
  const index = new URL("simple", base).href;
  exportVariable("UV_DEFAULT_INDEX", `pypi-edge=${index}`);
  const withToken = new URL(`${index}/`);
  if (token !== "") {
    exportVariable("UV_INDEX_PYPI_EDGE_USERNAME", "__token__");
    exportVariable("UV_INDEX_PYPI_EDGE_PASSWORD", token);
    withToken.username = "__token__";
    withToken.password = token;
  }
  exportVariable("PIP_INDEX_URL", withToken.href);
  setOutput("index-url", `${index}/`);
  setOutput("token", token);
  summarize(`### pypi-edge\n\nuv and pip use \`${index}/\`.\n`);
}
