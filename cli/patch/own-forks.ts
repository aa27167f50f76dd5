import { forkList, wholeFork, type ShownFork } from "../../schema/fork.ts";
import { releasedProject } from "../../schema/release.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { patchFile, type PatchFile } from "./patch-file.ts";

const at = (index: string) => `indexes/${encodeURIComponent(index)}`;

/** The forks that an index has, and its patterns of names that hide no upstream's releases. Throws a `CommandError`. */
export const forksOf = async (server: ServerAccess, index: string) =>
  readApiJson(server, forkList, await sendRequest(server, "GET", `${at(index)}/forks`));

/** The patches of a fork, as the index keeps them. Throws a `CommandError`. */
export async function patchesOf(server: ServerAccess, index: string, fork: ShownFork): Promise<PatchFile[]> {
  const path = `${at(index)}/forks/${encodeURIComponent(fork.project)}/${encodeURIComponent(fork.version)}`;
  const { value } = await readApiJson(server, wholeFork, await sendRequest(server, "GET", path));
  return value.patches.map(({ name, content }) => patchFile(name, Buffer.from(content, "base64")));
}

/** The files of a release that an index hosts, by name. Throws a `CommandError`. */
export async function filesOfRelease(
  server: ServerAccess,
  index: string,
  project: ProjectName,
  version: string,
): Promise<string[]> {
  const answer = await sendRequest(server, "GET", `${at(index)}/projects/${encodeURIComponent(project)}`);
  const { value } = await readApiJson(server, releasedProject, answer);
  const release = value.versions.find((each) => each.version === version);
  return (release?.files ?? []).filter(({ deletedAt }) => deletedAt === undefined).map(({ filename }) => filename);
}
