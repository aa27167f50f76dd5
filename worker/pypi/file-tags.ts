import { isWheel, type Filename } from "./filename.ts";
import { isSdist, kindOf } from "./kind.ts";

/** What environments a file is for, as a table shows it. */
export interface FileTags {
  /** Such as `CPython 3.14`, `Python 3`, `source`. */
  readonly python: string;
  /** As the filename has it: `cp314t` is another one than `cp314`; empty where there is none. */
  readonly abi: string;
  /** Without its version, such as `manylinux_x86_64`; `any`, or empty for a source archive. */
  readonly platform: string;
  /** The interpreter by which files are filtered, such as `cp314t`, `cp39abi3`, `py3`, `source`. */
  readonly interpreter: string;
}

const IMPLEMENTATIONS: Readonly<Record<string, string>> = { cp: "CPython", pp: "PyPy", py: "Python", gp: "GraalPy" };

/** The tags of a file's name (PEP 425, 427). */
export function fileTags(filename: Filename): FileTags {
  const kind = isWheel(filename) ? kindOf(filename) : undefined;
  if (kind === undefined) {
    const python = isSdist(filename) ? "source" : "other";
    return { python, abi: "", platform: "", interpreter: python };
  }
  const cut = kind.indexOf("-");
  const interpreter = kind.slice(0, cut);
  const [pythons = "", abi = ""] = filename.slice(0, -".whl".length).split("-").slice(-3);
  return {
    python: pythonText(pythons, abi),
    abi: abi === "none" ? "" : abi,
    platform: kind.slice(cut + 1),
    interpreter,
  };
}

/** `cp314` with the ABI `cp314t` is `CPython 3.14t`, `py2.py3` is `Python 2, 3`, and a stable ABI is for later versions too. */
function pythonText(pythons: string, abi: string): string {
  const tags = pythons.split(".").map((tag) => /^([a-z]+)(\d?)(\d*)/.exec(tag.toLowerCase()) ?? []);
  const [[, implementation = ""] = []] = tags;
  const threads = /^cp\d+t$/.test(abi) ? "t" : "";
  const later = /^abi3t?$/.test(abi) ? " and later" : "";
  const versions = tags.map(([, , major = "", minor = ""]) => (minor === "" ? major : `${major}.${minor}`));
  return `${IMPLEMENTATIONS[implementation] ?? implementation} ${versions.join(", ")}${threads}${later}`.trim();
}

/** Sorts files as people look for them: source archives first, then by Python, of which 3.8 comes before 3.14, ABI and platform. */
export function byTags(one: FileTags, other: FileTags): number {
  return (
    Number(other.python === "source") - Number(one.python === "source") ||
    ORDER.compare(one.python, other.python) ||
    ORDER.compare(one.abi, other.abi) ||
    ORDER.compare(one.platform, other.platform)
  );
}

/** Numbers in texts are compared as numbers. */
const ORDER = new Intl.Collator("en", { numeric: true });
