import { MINUTE } from "../duration.ts";
import { IndexError } from "../errors.ts";
import { refOf } from "../pypi/file-url.ts";
import { headersOf } from "../pypi/headers.ts";
import type { InstallerFacts } from "../pypi/installer.ts";
import { likeliestWheel } from "../pypi/likeliest-wheel.ts";
import type { ProjectName } from "../pypi/name.ts";
import { parseRequirement } from "../pypi/requirement.ts";
import type { Context } from "../repository/context.ts";
import type { Page } from "../repository/page.ts";
import type { Marks } from "../repository/ports/freshness.ts";
import type { Layer, Repository } from "../repository/repository.ts";
import { FAR } from "./files/prefetch-wheel.ts";

/** Projects at a time: a client's own requests have most of the connections to an upstream. */
const AT_ONCE = 32;

/** Projects that wait for their turn; more are not looked at. */
const MOST_WAITING = 500;

/** How far from what the client has asked for. */
const DEEPEST = 20;

/** A project is looked at once within this time. Milliseconds. */
const ONCE_IN = MINUTE;

/** Only so many of a page's last files are looked at: upstreams list the newest ones there, and some list thousands. */
const LOOKED_AT = 150;

export interface AheadParts {
  /** The clock: milliseconds since the epoch. */
  readonly now: () => number;
  /** Projects of the index that were looked at a moment ago. */
  readonly seen: Marks<ProjectName>;
}

/** A project whose page and metadata a client will ask for. */
interface Wanted {
  readonly name: ProjectName;
  readonly extras: readonly string[];
  readonly specifiers: string;
  readonly depth: number;
}

/** The client for which something is asked ahead. */
interface Asker {
  readonly installer: InstallerFacts;
  readonly ctx: Context;
}

/**
 * Asks ahead of a resolver, which waits for one answer after the other. When a page was fetched for pip or uv from an upstream that
 * is far away, the core metadata that the client will most likely ask for is fetched, and the pages of what that requires, and
 * so on, as far as nothing of it is stored. All of it goes through the index, so that no other source is asked than the client's
 * requests would ask, and is only stored.
 */
export const askAhead =
  (parts: AheadParts): Layer =>
  (inner) => {
    const walk = new Walk(inner, parts);
    return {
      ...inner,
      async project(name, ctx, demand) {
        if (!ctx.installer || ctx.isAhead || demand) return inner.project(name, ctx, demand);
        const begun = parts.now();
        const project = await inner.project(name, ctx);
        if (project?.page.via !== "upstream" || parts.now() - begun < FAR) return project;
        const installer = ctx.installer();
        if (installer) walk.begin(name, project.page, { installer, ctx });
        return project;
      },
    };
  };

class Walk {
  readonly #inner: Repository;
  readonly #parts: AheadParts;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  /** An upstream that fails, or has had enough, is left alone until then. */
  #pausedUntil = 0;

  constructor(inner: Repository, parts: AheadParts) {
    this.#inner = inner;
    this.#parts = parts;
  }

  /** @param page which a client has just been given */
  begin(name: ProjectName, page: Page, asker: Asker): void {
    if (this.#isNew(name))
      this.#later(() => this.#descend({ name, extras: [], specifiers: "", depth: 0 }, page, asker), asker);
  }

  /** Notes a project as looked at; false where it was already. */
  #isNew(name: ProjectName): boolean {
    const { now, seen } = this.#parts;
    if (now() < this.#pausedUntil || seen.get(name, now())) return false;
    seen.set(name, true, 0, now() + ONCE_IN);
    return true;
  }

  #later(work: () => Promise<void>, { ctx }: Asker): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(work);
    if (this.#running < AT_ONCE) ctx.defer(this.#run());
  }

  async #run(): Promise<void> {
    this.#running += 1;
    try {
      for (let work = this.#waiting.shift(); work; work = this.#waiting.shift()) await this.#attempt(work);
    } finally {
      this.#running -= 1;
    }
  }

  /** What fails here fails again, and is reported, where the client asks for it. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      if (error.kind !== "too-many-requests" && error.kind !== "upstream-failed") return;
      this.#waiting.length = 0;
      this.#pausedUntil = this.#parts.now() + ONCE_IN;
    }
  }

  async #visit(wanted: Wanted, asker: Asker): Promise<void> {
    const project = await this.#inner.project(wanted.name, this.#ahead(asker));
    // What is hosted or stored may have all that it requires stored as well.
    if (project?.page.via === "upstream") await this.#descend(wanted, project.page, asker);
    else await project?.page.cancel();
  }

  async #descend({ name, extras, specifiers, depth }: Wanted, page: Page, asker: Asker): Promise<void> {
    const { installer } = asker;
    const entry = likeliestWheel(name, await page.lastFiles(LOOKED_AT), specifiers, installer);
    if (!entry) return;
    const request = { ref: refOf(entry, "metadata"), headOnly: false, candidates: [name] };
    const metadata = await this.#inner.file(request, this.#ahead(asker));
    const text = metadata ? await new Response(metadata.body as BodyInit | null).text() : "";
    if (depth === DEEPEST) return;
    const ofExtras = new Set(extras);
    for (const line of headersOf(text).get("requires-dist") ?? []) {
      const required = parseRequirement(line);
      if (!required || required.url !== undefined || required.marker?.(installer.environment, ofExtras) === false)
        continue;
      if (this.#isNew(required.name)) this.#later(() => this.#visit({ ...required, depth: depth + 1 }, asker), asker);
    }
  }

  /** Each request counts for itself, as the client's would. */
  #ahead({ ctx }: Asker): Context {
    const allowance = ctx.allowance?.another();
    return { ...ctx, now: this.#parts.now(), isDemand: false, isAhead: true, ...(allowance && { allowance }) };
  }
}
