import { Faulty, shown } from "../faulty.ts";
import { MAX_MEMBERS, MAX_NAMES, tooManyMembers } from "../limits.ts";
import { checkPath, checkTree, parentsOf, resolveLink } from "../path.ts";
import type { TarMember } from "./tar.ts";

/** The members of an sdist, which all lie in one directory. */
export class Tree {
  /** That directory, once there is a member. */
  top = "";
  readonly #leaves = new Set<string>();
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();
  readonly #symlinks = new Set<string>();
  /** Where the links' targets go back, by `..`, from what they have gone down to. */
  readonly #turns: { readonly path: string; readonly target: string; readonly passed: string }[] = [];
  #members = 0;
  #names = 0;

  /** Throws `Faulty` where the member would not be unpacked into the directory, or is there already. */
  add({ path, kind, target }: TarMember): void {
    checkPath(path);
    const [top = ""] = path.split("/", 1);
    this.top ||= top;
    if (top !== this.top || (path === top && kind !== "directory")) {
      throw new Faulty(`has ${shown(path)} beside ${shown(this.top)}, where one directory has all files`);
    }
    this.#members += 1;
    this.#count(path);
    if (kind === "directory") {
      this.#directories.add(path);
      return;
    }
    if (this.#leaves.has(path)) throw new Faulty(`has two members called ${shown(path)}`);
    if (kind !== "file") this.#checkLink(kind, path, target);
    this.#leaves.add(path);
    if (kind === "symlink") this.#symlinks.add(folded(path));
    else this.#files.add(path);
  }

  /** Whether it is there and has bytes of its own. */
  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  /** When all members are there: that nothing lies below a file or a link, and that no link goes back from one. */
  check(): void {
    checkTree(this.#leaves, this.#directories);
    for (const { path, target, passed } of this.#turns) {
      for (const step of [passed, ...parentsOf(passed)]) {
        if (this.#symlinks.has(folded(step))) throw leading(path, target);
      }
    }
  }

  #checkLink(kind: "symlink" | "link", path: string, target: string): void {
    const directory = kind === "link" ? "" : path.slice(0, path.lastIndexOf("/"));
    const resolved = resolveLink(directory, target);
    if (!resolved) throw leading(path, target);
    try {
      checkPath(resolved.path);
    } catch {
      throw leading(path, target);
    }
    // What it leads to must have come before, and be bytes: a link to a link is read in several ways.
    if (kind === "link" && !this.#files.has(resolved.path)) throw leading(path, target);
    for (const passed of resolved.passed) {
      this.#count(passed);
      this.#turns.push({ path, target, passed });
    }
  }

  #count(name: string): void {
    this.#names += name.length;
    if (this.#members > MAX_MEMBERS || this.#names > MAX_NAMES) throw tooManyMembers();
  }
}

/** As file systems compare names that do not heed case: there it is the same link. */
const folded = (path: string) => path.toLowerCase();

const leading = (path: string, target: string) =>
  new Faulty(`has the link ${shown(path)}, which leads to ${shown(target)}`, "put the file itself into the archive");
