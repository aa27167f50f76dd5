import type { Random } from "../../fuzz/random.ts";
import type { Certainty, Upload } from "../ledger.ts";
import { ADMIN, bearer, type Heard, type World } from "../world.ts";
import { readListed } from "./pages.ts";

/** Reads the page of something that was uploaded, and the file. */
export async function readUpload(world: World, random: Random): Promise<void> {
  const known = world.ledger.uploads.filter(({ isBusy }) => !isBusy);
  if (known.length > 0) await checkUpload(world, random.pick(known));
}

/** Yanks a release, or has it back. */
export async function yank(world: World, random: Random): Promise<void> {
  const entry = world.ledger.take(random);
  if (!entry) return;
  const isWanted = random.oneIn(2);
  const heard = await change(world, entry, "POST", isWanted ? "/yank" : "/unyank", isWanted ? '{"reason":"soak"}' : "");
  entry.yanked = world.expect(heard, [200]) ? (isWanted ? "yes" : "no") : "unsure";
  world.ledger.release(entry);
  await checkUpload(world, entry);
}

/** Deletes a release, which must not come back. */
export async function deleteRelease(world: World, random: Random): Promise<void> {
  const entry = world.ledger.take(random);
  if (!entry) return;
  const heard = await change(world, entry, "DELETE", "", "");
  entry.deleted = world.expect(heard, [200]) ? "yes" : "unsure";
  world.ledger.release(entry);
  await checkUpload(world, entry);
}

function change(world: World, { project, version }: Upload, method: string, action: string, text: string) {
  const path = `/-/api/indexes/team/projects/${project}/${version}${action}`;
  return world.ask(path, {
    method,
    headers: { ...ADMIN, "content-type": "application/json" },
    body: Buffer.from(text),
  });
}

/** Compares what the server has of an upload with what it confirmed, unless a client changes it meanwhile. */
export async function checkUpload(world: World, entry: Upload): Promise<void> {
  const { changes } = entry;
  const isKnown = () => !entry.isBusy && entry.changes === changes;
  if (!isKnown()) return;
  const { project, filename, sha256 } = entry;
  const headers = { ...bearer(world.reader), accept: "application/vnd.pypi.simple.v1+json" };
  const page = await world.ask(`/team/simple/${project}/`, { headers });
  if (!isKnown()) return;
  const isAbsent = page.status === 404;
  // A name that is not hosted is the upstream's.
  const statuses = isThere(entry) === "yes" ? [200] : [200, 404, 503];
  const listed = isAbsent ? [] : readListed(world, page, statuses);
  if (!listed || (isAbsent && page.end !== "whole")) return;
  const file = listed.find((each) => each.filename === filename);
  if (!agrees(isThere(entry), file !== undefined)) world.violated(page, `${filename}: ${state(entry)}`, `${!!file}`);
  if (!file) return;
  if (!agrees(entry.yanked, file.isYanked)) world.violated(page, `${filename}: ${state(entry)}`, "the other");
  const heard = await world.ask(new URL(file.url, `${world.subject.origin}/team/simple/${project}/`).pathname, {
    headers: bearer(world.reader),
  });
  if (isKnown() && isThere(entry) === "yes") checkBytes(world, heard, sha256);
}

function checkBytes(world: World, heard: Heard, sha256: string): void {
  if (world.expect(heard, [200]) && heard.sha256 !== sha256) world.violated(heard, `SHA-256 ${sha256}`, heard.sha256);
}

function isThere({ published, deleted }: Upload): Certainty {
  if (published === "no" || deleted === "yes") return "no";
  return published === "yes" && deleted === "no" ? "yes" : "unsure";
}

const agrees = (known: Certainty, found: boolean) => known === "unsure" || (known === "yes") === found;

const state = ({ published, yanked, deleted }: Upload) =>
  `published: ${published}, yanked: ${yanked}, deleted: ${deleted}`;
