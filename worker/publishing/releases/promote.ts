import { badRequest, IndexError } from "../../errors.ts";
import { chosenOf, listed } from "./choose.ts";
import { CLOSED } from "../closed.ts";
import type { Decision } from "./deciding.ts";
import type { ReleasedProject, ReleaseFile } from "./ports.ts";

/**
 * Gives the files of a release to another index by reference: the bytes stay where they are.
 *
 * @param there the project in the other index; null: it does not host it yet
 * @throws IndexError `file-exists`, `not-allowed`, `bad-request`, `file-not-found`
 */
export function promotion(from: ReleasedProject, wanted: string, to: string, there: ReleasedProject | null): Decision {
  const { index, project } = from;
  if (to === index) throw badRequest(`${index} is where the release is; name another index to promote it to.`);
  if (from.status?.status === "quarantined") throw refused(`${project} is quarantined in ${index}`);
  const closed = there?.status?.status ?? "";
  if (CLOSED.includes(closed)) throw refused(`${project} is ${closed} in ${to}`);

  const release = chosenOf(from, { version: wanted, filename: undefined }).filter(
    ({ deletedAt }) => deletedAt === null,
  );
  const version = release[0]?.version;
  if (version === undefined) {
    throw new IndexError("file-not-found", `All files of ${project} ${wanted} in ${index} were deleted.`);
  }
  const files = release.filter((file) => !isThere(file, to, there));
  const names = files.map(({ filename }) => filename);
  const what = `${project} ${version}`;
  if (files.length === 0)
    return { done: { version, files: [], did: `${what} was in ${to} already, as it is in ${index}.` } };
  return {
    done: { version, files: names, did: `${what} is in ${to} now, as it is in ${index}: ${listed(names)}.` },
    write: {
      change: { kind: "promote", files, to, there },
      deed: {
        action: "promote",
        index: to,
        subject: version,
        details: { from: index, files: files.map(({ filename, sha256 }) => ({ filename, sha256 })) },
      },
    },
  };
}

/** Whether the other index has these very bytes; throws `file-exists` where the name is another file's, or was. */
function isThere({ identity, sha256, filename }: ReleaseFile, to: string, there: ReleasedProject | null): boolean {
  const other = there?.files.find((file) => file.identity === identity);
  if (!other) return false;
  if (other.deletedAt !== null) {
    throw exists(`${filename} was in ${to} and was deleted there, and its name stays used`);
  }
  if (other.sha256 === sha256) return true;
  throw exists(`${to} has ${other.filename} with other bytes`);
}

const exists = (reason: string) =>
  new IndexError("file-exists", `File already exists: ${reason}. Nothing was promoted; release a new version.`);

const refused = (reason: string) => new IndexError("not-allowed", `${reason}, so nothing is promoted.`);
