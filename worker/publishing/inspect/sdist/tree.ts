import { Faulty, shown } from "../faulty.ts";
import { MAX_MEMBERS, MAX_NAMES, tooManyMembers } from "../limits.ts";
import { checkPath, checkTree } from "../path.ts";
import type { TarMember } from "./tar.ts";

/** The members of an sdist, which all lie in one directory. */
export class Tree {
  /** That directory, once there is a member. */
  top = "";
  readonly #leaves = new Set<string>();
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();
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
    this.#names += path.length;
    if (this.#members > MAX_MEMBERS || this.#names > MAX_NAMES) throw tooManyMembers();
    if (kind === "directory") {
      this.#directories.add(path);
      return;
    }
    if (this.#leaves.has(path)) throw new Faulty(`has two members called ${shown(path)}`);
    if (kind === "symlink") this.#checkSymlink(path, target);
    // What it leads to must have come before, and be bytes: a link to a link is read in several ways.
    else if (kind === "link" && !this.#files.has(target)) throw leading(path, target);
    this.#leaves.add(path);
    if (kind !== "symlink") this.#files.add(path);
  }

  /** Whether it is there and has bytes of its own. */
  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  /** When all members are there: that nothing lies below a file or a link. */
  check(): void {
    checkTree(this.#leaves, this.#directories);
  }

  /**
   * A link goes up, as far as the top, and then down. In between, it could go through another link, and up from there to
   * where no path says.
   */
  #checkSymlink(path: string, target: string): void {
    const [, up = "", down = ""] = /^((?:\.\.\/)*)(.*)$/s.exec(target) ?? [];
    const depth = path.split("/").length - 2;
    if (down === ".." || up.length / 3 > depth) throw leading(path, target);
    try {
      checkPath(down);
    } catch {
      throw leading(path, target);
    }
  }
}

const leading = (path: string, target: string) =>
  new Faulty(`has the link ${shown(path)}, which leads to ${shown(target)}`, "put the file itself into the archive");
