import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";
import { MAX_MEMBERS, MAX_NAME_BYTES, tooManyMembers } from "../limits.ts";
import { checkPath, checkTree, parentsOf, resolveLink } from "../member-path.ts";
import type { SdistMember } from "./tar.ts";

/** The members of an sdist, which must all lie in one top directory. */
export class SdistTree {
  /** The top directory; empty before the first member. */
  top = "";
  readonly #leaves = new Set<string>();
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();
  readonly #symlinks = new Set<string>();
  /** Link targets that contain a `..`, with the directory that it leaves. */
  readonly #turns: { readonly path: string; readonly target: string; readonly passed: string }[] = [];
  #members = 0;
  #names = 0;

  /** Throws `InvalidDistribution` where the member would be unpacked outside the top directory, or exists already. */
  add({ path, kind, target }: SdistMember): void {
    checkPath(path);
    const [top = ""] = path.split("/", 1);
    this.top ||= top;
    if (top !== this.top || (path === top && kind !== "directory")) {
      throw new InvalidDistribution(
        `has ${quotedName(path)} outside ${quotedName(`${this.top}/`)}; all files of an sdist must be in one directory`,
      );
    }
    this.#members += 1;
    this.#count(path);
    if (kind === "directory") {
      this.#directories.add(path);
      return;
    }
    if (this.#leaves.has(path)) throw new InvalidDistribution(`has two members called ${quotedName(path)}`);
    if (kind !== "file") this.#checkLink(kind, path, target);
    this.#leaves.add(path);
    if (kind === "symlink") this.#symlinks.add(folded(path));
    else this.#files.add(path);
  }

  /** Whether it is a regular file or a hard link. */
  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  /**
   * To be called after the last member: checks that nothing lies below a file or a link, and that no `..` leaves a
   * symbolic link.
   */
  check(): void {
    checkTree(this.#leaves, this.#directories);
    for (const { path, target, passed } of this.#turns) {
      for (const step of [passed, ...parentsOf(passed)]) {
        if (this.#symlinks.has(folded(step))) throw badLink(path, target, "through another link");
      }
    }
  }

  #checkLink(kind: "symlink" | "link", path: string, target: string): void {
    const directory = kind === "link" ? "" : path.slice(0, path.lastIndexOf("/"));
    const resolved = resolveLink(directory, target);
    if (!resolved) throw badLink(path, target, OUTSIDE);
    try {
      checkPath(resolved.path);
    } catch {
      throw badLink(path, target, OUTSIDE);
    }
    // A hard link's target must precede it and be a file: readers treat a link to a link differently.
    if (kind === "link" && !this.#files.has(resolved.path)) {
      throw badLink(path, target, "which is no file that stands before it in the archive");
    }
    for (const passed of resolved.passed) {
      this.#count(passed);
      this.#turns.push({ path, target, passed });
    }
  }

  #count(name: string): void {
    this.#names += name.length;
    if (this.#members > MAX_MEMBERS || this.#names > MAX_NAME_BYTES) throw tooManyMembers();
  }
}

/** Case-insensitive file systems treat such paths as the same link. */
const folded = (path: string) => path.toLowerCase();

const OUTSIDE = "outside the project's folder";

const badLink = (path: string, target: string, why: string) =>
  new InvalidDistribution(
    `has the link ${quotedName(path)}, which points to ${quotedName(target)}, ${why}`,
    "put the file itself into the archive",
  );
