import { escaped } from "../../worker/pypi/shown.ts";
import type { ProjectAnswer } from "../../schema/release.ts";
import { columns } from "../lib/columns.ts";

/** A hosted project as text: a line for each file, the newest release last. */
export function releaseTable({ index, project, status, statusReason, versions }: ProjectAnswer): string {
  const why = statusReason ? ` (${escaped(statusReason)})` : "";
  const rows = versions.flatMap(({ version, files }) =>
    files.map((file) =>
      [
        version,
        file.filename,
        `${file.size.toLocaleString("en")} bytes`,
        file.uploadedAt.slice(0, 10),
        stateOf(file),
      ].map(escaped),
    ),
  );
  return [`${project} in ${index}: ${status}${why}`, ...columns(rows)].join("\n");
}

function stateOf({ yanked, deletedAt }: ProjectAnswer["versions"][number]["files"][number]): string {
  if (deletedAt !== undefined) return `deleted ${deletedAt.slice(0, 10)}`;
  if (yanked === undefined) return "";
  return yanked === "" ? "yanked" : `yanked: ${yanked}`;
}
