/** Fewer than this are not enough for a team: a client takes one, and one to three more while it is given what is not in memory. */
const ENOUGH = 512;

const MEND = "Raise the limit of open files (ulimit -n, or LimitNOFILE= of systemd), and start the server anew.";

/** What is said where the system opens no more files. */
export const NO_MORE_FILES = `No more files can be opened. ${MEND}`;

/** Whether an error says that the system opens no more files, for this process (EMFILE) or at all (ENFILE). */
export const saysNoMoreFiles = (error: unknown) =>
  error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");

/** A sentence where this process may open few files only; undefined where it may open enough, or where that is not known. */
export function fewOpenFiles(limit = limitOfOpenFiles()): string | undefined {
  if (limit === undefined || limit >= ENOUGH) return undefined;
  return `This process may open ${limit} files at a time, which is little for several clients: some will get 503, or a connection that is closed. ${MEND}`;
}

/** How many files this process may have open, sockets among them; undefined where there is no limit, or none that is known. */
function limitOfOpenFiles(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}
