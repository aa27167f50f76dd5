import { CLIENTS, type ClientName } from "./table.ts";

/** What a client prints of a refusal: the rule's own sentence, or words of its own, and why it has no better ones. */
export type Printed = "sentence" | { readonly words: string; readonly because?: string };

interface Refusals {
  /** Of a version that is held, where none is pinned, it installs an older one. undefined: not tried. */
  readonly unpinned?: true;
  /** Of a version that its lock file names. */
  readonly locked?: Printed;
  /** Of a project whose every file is refused. */
  readonly project?: Printed;
}

const ANY_ERROR = "as for any error of a page";
const PAGE_FIRST = "it looks at the page first";

/** What each client prints: the matrix tries it, and docs/guard.md shows it. */
export const REFUSALS: Readonly<Partial<Record<ClientName, Refusals>>> = {
  "uv-pip": { unpinned: true, locked: "sentence", project: "sentence" },
  "uv-project": { unpinned: true, locked: "sentence", project: "sentence" },
  pip: {
    unpinned: true,
    locked: "sentence",
    project: { words: "No matching distribution", because: ANY_ERROR },
  },
  "pip-older": { unpinned: true, project: { words: "No matching distribution", because: ANY_ERROR } },
  poetry: { unpinned: true, locked: { words: "0 candidate", because: PAGE_FIRST }, project: "sentence" },
  pdm: { unpinned: true, locked: { words: "403 Forbidden" }, project: { words: "Unable to find candidates" } },
  pipenv: { locked: { words: "No matching distribution", because: PAGE_FIRST } },
};

/** The clients that are tried with an index that refuses. */
export const REFUSED_CLIENTS = Object.keys(REFUSALS) as ClientName[];

/** What the client whose label a test's name begins with prints. */
export function printedBy(name: string, of: "locked" | "project"): Printed | undefined {
  const client = REFUSED_CLIENTS.find((each) => name.startsWith(CLIENTS[each].label));
  return client && REFUSALS[client]?.[of];
}

/** The rows of the table in docs/guard.md. */
export const refusalRows = (): string[][] =>
  REFUSED_CLIENTS.map((client) => {
    const { unpinned, locked, project } = REFUSALS[client] ?? {};
    return [CLIENTS[client].label, unpinned ? "installs an older one" : "", cellOf(locked), cellOf(project)];
  });

function cellOf(printed: Printed | undefined): string {
  if (printed === undefined) return "";
  if (printed === "sentence") return "the sentence";
  return `"${printed.words}"${printed.because === undefined ? "" : `: ${printed.because}`}`;
}
