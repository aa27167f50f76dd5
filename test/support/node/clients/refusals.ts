import { CLIENTS, type ClientName } from "./table.ts";

/** What a client prints of a refusal: the rule's own sentence, or words of its own, and why it has no better ones. */
export type Printed = "sentence" | { readonly words: string; readonly because?: string };

/** What a client prints of a file that a rule warns of: its sentence, at which of its steps, or nothing of it. */
export type Warned = "sentence" | "sentence, when it locks" | "nothing";

interface Refusals {
  /** Of a version that is held, where none is pinned, it installs an older one. undefined: not tried. */
  readonly unpinned?: true;
  /** Of a version that is pinned and marked by a rule that warns; it installs it. undefined: not tried. */
  readonly warned?: Warned;
  /** Of a version that its lock file names. */
  readonly locked?: Printed;
  /** Of a project whose every file is refused. */
  readonly project?: Printed;
}

const ANY_ERROR = "as for any error of a page";
const PAGE_FIRST = "it looks at the page first";

/** What each client prints: the matrix tries it, and docs/guard.md shows it. */
export const REFUSALS: Readonly<Partial<Record<ClientName, Refusals>>> = {
  "uv-pip": { unpinned: true, warned: "sentence", locked: "sentence", project: "sentence" },
  "uv-project": { unpinned: true, warned: "sentence, when it locks", locked: "sentence", project: "sentence" },
  pip: {
    unpinned: true,
    warned: "sentence",
    locked: "sentence",
    project: { words: "No matching distribution", because: ANY_ERROR },
  },
  "pip-older": {
    unpinned: true,
    warned: "sentence",
    project: { words: "No matching distribution", because: ANY_ERROR },
  },
  poetry: {
    unpinned: true,
    warned: "sentence",
    locked: { words: "0 candidate", because: PAGE_FIRST },
    project: "sentence",
  },
  pdm: {
    unpinned: true,
    warned: "nothing",
    locked: { words: "403 Forbidden" },
    project: { words: "Unable to find candidates" },
  },
  pipenv: { locked: { words: "No matching distribution", because: PAGE_FIRST } },
};

/** The clients that are tried with an index that refuses. */
export const REFUSED_CLIENTS = Object.keys(REFUSALS) as ClientName[];

/** What the client whose label a test's name begins with prints. */
export function printedBy(name: string, of: "locked" | "project"): Printed | undefined {
  const client = REFUSED_CLIENTS.find((each) => name.startsWith(CLIENTS[each].label));
  return client && REFUSALS[client]?.[of];
}

/** Clients break lines where the terminal ends. */
export const spaced = (output: string) => output.replace(/\s+/g, " ");

/** The rows of the table in docs/guard.md. */
export const refusalRows = (): string[][] =>
  REFUSED_CLIENTS.map((client) => {
    const { unpinned, warned, locked, project } = REFUSALS[client] ?? {};
    const said = warned && (warned === "nothing" ? warned : `the ${warned}`);
    return [CLIENTS[client].label, unpinned ? "an older one" : "", said ?? "", cellOf(locked), cellOf(project)];
  });

function cellOf(printed: Printed | undefined): string {
  if (printed === undefined) return "";
  if (printed === "sentence") return "the sentence";
  return `"${printed.words}"${printed.because === undefined ? "" : `: ${printed.because}`}`;
}
