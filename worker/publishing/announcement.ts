import { badRequest, IndexError } from "../errors.ts";
import { asFilename, projectCandidates, type Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { versionOf } from "../pypi/version.ts";
import { parseWheelName } from "../pypi/wheel-name.ts";

/** What a client says about a file before it sends any bytes. */
export interface Announcement {
  readonly index: string;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Whether attestations come with it. */
  readonly attested?: boolean | undefined;
}

/** A file whose name and size allow it to be published. */
export interface AnnouncedFile extends Announcement {
  readonly filename: Filename;
  /** The projects that it may belong to: an sdist's name does not say where the version begins. */
  readonly projects: readonly ProjectName[];
}

const ENDING = /\.(?:whl|tar\.gz)$/;

/** A wheel's name has five fields, or six with a build tag (PEP 427). */
const isWheelName = (filename: string) => /^[^-]+(?:-[^-]+){4,5}\.whl$/.test(filename);

/**
 * Checks what a client announces.
 *
 * @param maxSize bytes
 * @throws IndexError `bad-request` where such a file could not be published, `too-large`
 */
export function checkAnnouncement(announcement: Announcement, maxSize: number): AnnouncedFile {
  const { size } = announcement;
  const filename = asFilename(announcement.filename);
  const projects = filename === undefined ? [] : candidates(filename);
  if (filename === undefined || projects.length === 0) {
    throw badRequest(
      `${JSON.stringify(announcement.filename.slice(0, 120))} is not the name of a file that can be published: build a wheel ({name}-{version}-{python}-{abi}-{platform}.whl) or an sdist ({name}-{version}.tar.gz) and upload that.`,
    );
  }
  // Checked here already so that no bytes are sent in vain; the complete file is inspected again.
  if (filename.endsWith(".whl")) parseWheelName(filename);
  if (size === 0) throw badRequest(`${filename} is empty.`);
  if (size > maxSize) {
    throw new IndexError(
      "too-large",
      `${filename} has ${size} bytes, and ${maxSize} is the most that a file here can have.`,
    );
  }
  return { ...announcement, filename, projects };
}

function candidates(filename: Filename): ProjectName[] {
  if (!ENDING.test(filename) || (filename.endsWith(".whl") && !isWheelName(filename))) return [];
  return projectCandidates(filename).filter((project) => versionOf(filename, project) !== undefined);
}
