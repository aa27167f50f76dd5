// Runs in a web page: the requests that pyodide's micropip (0.11) makes for an install, in its order, and what it checks of the
// answers. It is given the index as README says, {package_name} standing for a project.

const ACCEPT = "application/vnd.pypi.simple.v1+json, */*;q=0.01";

export default async function install({ index, requirement }, hand) {
  const chosen = new Map();
  await add(requirement, index, chosen);
  const wheels = [...chosen.values()];
  await Promise.all(wheels.map(async ({ url, sha256, filename }) => hand(filename, await fetched(url, sha256))));
  return wheels.map(({ filename }) => filename);
}

/** Chooses a wheel for a requirement, and for what its metadata asks for. */
async function add(requirement, index, chosen) {
  const [, spelled, pinned] = /^([\w.-]+)(?:\s*==\s*(\S+))?/.exec(requirement);
  const name = spelled.toLowerCase().replace(/[-_.]+/g, "-");
  if (chosen.has(name)) return;
  const url = index.replace("{package_name}", name);
  const answer = await fetch(url, { headers: { accept: ACCEPT } });
  if (!answer.ok) throw new Error(`Can't fetch metadata for '${name}': ${answer.status}`);
  const type = answer.headers.get("content-type").split(";")[0].trim();
  if (type !== "text/html") throw new Error(`Unsupported content type: ${type}`);
  const wheels = wheelsOn(await answer.text(), url).filter(({ version }) => pinned === undefined || version === pinned);
  const best = wheels.toSorted(byPreference)[0];
  if (best === undefined) throw new Error(`Can't find a pure Python 3 wheel for '${requirement}'.`);
  chosen.set(name, best);
  if (best.metadata === null) return;
  const digest = best.metadata.startsWith("sha256=") ? best.metadata.slice("sha256=".length) : undefined;
  const metadata = new TextDecoder().decode(await fetched(`${best.url}.metadata`, digest));
  for (const [, needed] of metadata.matchAll(/^Requires-Dist: (.+)$/gm)) await add(needed, index, chosen);
}

/** The wheels on a page that any platform can use; their URLs are joined to the address that was asked for. */
function wheelsOn(html, address) {
  const anchors = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("a")];
  return anchors.flatMap((anchor) => {
    const filename = anchor.textContent;
    if (!filename.endsWith("-none-any.whl")) return [];
    const url = new URL(anchor.getAttribute("href"), address);
    const sha256 = /^#sha256=(.+)$/.exec(url.hash)?.[1];
    url.hash = "";
    const metadata = anchor.getAttribute("data-core-metadata");
    const isYanked = anchor.hasAttribute("data-yanked");
    return [{ filename, version: filename.split("-")[1], url: url.href, sha256, metadata, isYanked }];
  });
}

/** The newest first, yanked ones behind all others. */
const byPreference = (one, other) =>
  Number(one.isYanked) - Number(other.isYanked) || other.version.localeCompare(one.version, "en", { numeric: true });

async function fetched(url, sha256) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  if (sha256 !== undefined) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    if (digest !== sha256) throw new Error("Contents don't match hash");
  }
  return bytes;
}
