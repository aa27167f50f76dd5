import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import type { HostedProjectsAnswer } from "../../schema/hosted-project.ts";
import type { ProjectAnswer } from "../../schema/release.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { columns } from "../lib/columns.ts";
import { minute } from "../../worker/pypi/minute.ts";

/** A hosted project as text: a line for each file, the newest release last. */
export function releaseTable({ index, project, status, statusReason, versions }: ProjectAnswer): string {
  const why = statusReason ? ` (${escaped(statusReason)})` : "";
  const isPublisherKnown = versions.some(({ files }) => files.some(({ uploadedBy }) => uploadedBy !== undefined));
  const rows = versions.flatMap(({ version, files }) =>
    files.map((file) =>
      [
        version,
        file.filename,
        `${file.size.toLocaleString("en")} bytes`,
        file.uploadedAt.slice(0, 10),
        ...(isPublisherKnown ? [file.uploadedBy ?? ""] : []),
        stateOf(file),
      ].map(escaped),
    ),
  );
  return [`${project} in ${index}: ${status}${why}`, ...columns(rows)].join("\n");
}

/** Hosted projects as lines of text, in their order. */
export const hostedTable = ({ projects }: HostedProjectsAnswer): string[] =>
  columns(
    projects.map(({ project, version, yanked, files, bytes: size, uploadedAt, uploadedBy }) =>
      [
        project,
        `${version}${yanked ? " (yanked)" : ""}`,
        minute(uploadedAt),
        counted(files, "file"),
        sizeText(size),
        uploadedBy ?? "",
      ].map(escaped),
    ),
  );

function stateOf({ yanked, deletedAt, restorable }: ProjectAnswer["versions"][number]["files"][number]): string {
  if (deletedAt !== undefined) return `deleted ${deletedAt.slice(0, 10)}${restorable ? ", in the trash" : ""}`;
  if (yanked === undefined) return "";
  return yanked === "" ? "yanked" : `yanked: ${yanked}`;
}
