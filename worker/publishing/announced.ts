import { badRequest, IndexError } from "../errors.ts";
import { asFilename, projectCandidates, type Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { versionOf } from "../pypi/version.ts";
import { parseWheelName } from "../pypi/wheel-name.ts";

/** What somebody says that a file will be, before any byte of it travels. */
export interface Announcement {
  readonly index: string;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A file that could be published, as far as its name and its size can say. */
export interface AnnouncedFile extends Announcement {
  readonly filename: Filename;
  /** Whose it may be: an sdist's name does not say where the version begins. */
  readonly projects: readonly ProjectName[];
}

/** What can be published. */
const ENDING = /\.(?:whl|tar\.gz)$/;

/** A wheel's name has five fields, or six with a build tag (PEP 427). */
const isWheelName = (filename: string) => /^[^-]+(?:-[^-]+){4,5}\.whl$/.test(filename);

/**
 * Looks at an announcement.
 *
 * @param maxSize bytes
 * @throws IndexError `bad-request` where no such file could be published, `too-large`
 */
export function announcedFile(announcement: Announcement, maxSize: number): AnnouncedFile {
  const { size } = announcement;
  const filename = asFilename(announcement.filename);
  const projects = filename === undefined ? [] : candidates(filename);
  if (filename === undefined || projects.length === 0) {
    throw badRequest(
      `${JSON.stringify(announcement.filename.slice(0, 120))} is not the name of a file that can be published: build a wheel ({name}-{version}-{python}-{abi}-{platform}.whl) or an sdist ({name}-{version}.tar.gz) and upload that.`,
    );
  }
  // Before any byte of it travels, as it is looked at again when all have.
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
