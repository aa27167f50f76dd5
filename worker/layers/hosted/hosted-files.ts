import { IndexError } from "../../errors.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { projectCandidates, type Filename } from "../../pypi/filename.ts";
import { identityOf } from "../../pypi/identity.ts";
import type { Context } from "../../repository/context.ts";
import { shownProjects, type HostingIndex } from "./shown-project.ts";
import type {
  HostedBytes,
  HostedFile,
  HostedPackages,
  HostedProject,
  HostedUses,
} from "../../repository/ports/hosted-packages.ts";
import { resolveRange } from "../../repository/range.ts";
import type { FileRequest } from "../../repository/repository.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Artifact } from "../../repository/artifact.ts";

const ADDRESS = /^(?<sha256>[0-9a-f]{64})\/[^/]+$/;

/** A hosted file, and the project that it belongs to. */
interface Found {
  readonly tier: HostedProject;
  readonly file: HostedFile;
}

/**
 * Serves the hosted files that an index with these overlays lists. Files that only other indexes host are not served.
 */
export class HostedFiles {
  readonly #indexes: readonly string[];
  readonly #holding;
  readonly #hosting: HostedPackages;
  readonly #bytes: HostedBytes;
  readonly #uses: HostedUses;

  constructor(
    overlays: readonly HostingIndex[],
    { hosting, bytes, uses }: { hosting: HostedPackages; bytes: HostedBytes; uses: HostedUses },
  ) {
    this.#indexes = overlays.map(({ index }) => index);
    this.#holding = shownProjects(overlays);
    this.#hosting = hosting;
    this.#bytes = bytes;
    this.#uses = uses;
  }

  /**
   * @throws IndexError `file-not-found` where the index lists no such file, `not-allowed` where its project is quarantined,
   *   `storage-failed`
   */
  async get(
    { ref, headOnly, range }: Pick<FileRequest, "ref" | "headOnly" | "range">,
    ctx: Context,
  ): Promise<Artifact> {
    const { tier, file } = await this.#find(ref, ctx);
    if (!headOnly) this.#uses.used(file, tier, ctx);
    const facts = { project: tier.name, modifiedAt: file.uploadedAt, via: "r2" } as const;
    if (ref.part === "metadata") {
      if (file.metadata === undefined) throw notHosted(ref);
      const bytes = await this.#bytes.metadata(file);
      const size = bytes.byteLength;
      const part = range && resolveRange(range, size);
      const body = part && part !== "unsatisfiable" ? bytes.subarray(part.offset, part.offset + part.length) : bytes;
      const digest = { algorithm: "sha256", hex: file.metadata } as const;
      return { ...facts, digest, size, part, body: headOnly || part === "unsatisfiable" ? null : body };
    }
    const { size } = file;
    const part = range && resolveRange(range, size);
    const body = headOnly || part === "unsatisfiable" ? null : await this.#bytes.file(file, part);
    return { ...facts, digest: { algorithm: "sha256", hex: file.sha256 }, size, part, body };
  }

  async #find(ref: FileRef, ctx: Context): Promise<Found> {
    const sha256 = ADDRESS.exec(ref.path)?.groups?.["sha256"];
    if (sha256 === undefined || this.#indexes.length === 0) throw notHosted(ref);
    // An upload is refused where its name does not lead to its project.
    const hosts = await this.#hosting.projects(projectCandidates(ref.filename), this.#indexes, ctx);
    const isAsked = (file: HostedFile) => file.sha256 === sha256 && file.filename === ref.filename;
    let quarantined: ProjectName | undefined;
    for (const [project, having] of hosts) {
      const holding = this.#holding(project, having);
      const shown = holding?.tiers.filter((tier) => tier !== holding.quarantined) ?? [];
      for (const tier of shown) {
        const { files } = tier;
        const file = files.find(isAsked);
        if (file) return { tier, file };
        // Of two files of one name the index lists the one of the upper overlay, and only that one is served.
        if (shown.length > 1 && hasNamesake(files, ref.filename, project)) break;
      }
      if (holding?.quarantined && having.some(({ files }) => files.some(isAsked))) quarantined = project;
    }
    if (quarantined !== undefined) throw isQuarantined(quarantined);
    throw notHosted(ref);
  }
}

/** Whether one of the files has this name, in whatever spelling. */
function hasNamesake(files: readonly HostedFile[], filename: Filename, project: ProjectName): boolean {
  const identity = identityOf(filename, project);
  return files.some((file) => identityOf(file.filename, project) === identity);
}

/** The files of a quarantined project are not served (PEP 792). */
export const isQuarantined = (project: ProjectName) =>
  new IndexError(
    "not-allowed",
    `${project} is quarantined in this index: its files are not served until an administrator ends the quarantine.`,
  );

const notHosted = ({ filename, part }: FileRef) =>
  new IndexError(
    "file-not-found",
    `This index hosts no ${filename}${part === "metadata" ? " with metadata" : ""} with the SHA-256 of this address. It may have been deleted; the page of its project lists what there is.`,
  );
