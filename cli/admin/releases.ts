import type { ShownProject } from "../../schema/release.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { aligned } from "./aligned.ts";

/** A hosted project as a person reads it: a line for each file, the newest release last. */
export function listing({ index, project, status, statusReason, versions }: ShownProject): string {
  const why = statusReason ? ` (${escaped(statusReason)})` : "";
  const rows = versions.flatMap(({ version, files }) =>
    files.map((file) =>
      [
        version,
        file.filename,
        `${file.size.toLocaleString("en")} bytes`,
        file.uploadedAt.slice(0, 10),
        fateOf(file),
      ].map(escaped),
    ),
  );
  return [`${project} in ${index}: ${status}${why}`, ...aligned(rows)].join("\n");
}

function fateOf({ yanked, deletedAt }: ShownProject["versions"][number]["files"][number]): string {
  if (deletedAt !== undefined) return `deleted ${deletedAt.slice(0, 10)}`;
  if (yanked === undefined) return "";
  return yanked === "" ? "yanked" : `yanked: ${yanked}`;
}
