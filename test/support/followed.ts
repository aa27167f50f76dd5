import { env } from "cloudflare:workers";
import type { Platform } from "../../worker/platform/platform.ts";
import { FakeFeed } from "./feed.ts";
import { Rig } from "./rig.ts";
import { FakeUpstream } from "./upstream.ts";

export const SOURCE = encodeURIComponent(FakeUpstream.INDEX);

/** A worker that follows the log of its upstream, whose pages say what serial they are of. */
export class FollowedRig extends Rig {
  readonly feed = new FakeFeed(this.upstream);

  constructor(platform: Partial<Platform> = {}, vars: Record<string, unknown> = {}) {
    super({ FEED: true, ...vars }, platform);
  }

  /** Changes projects upstream: their pages, and the log of changes. */
  async change(...projects: string[]): Promise<number> {
    for (const project of projects) this.offer(project, this.feed.change(project));
    return Promise.resolve(this.feed.serial);
  }

  /** Has the upstream answer with the project's page as of this serial, or without one. */
  offer(project: string, serial: number | undefined, version = serial): void {
    const meta = { "api-version": "1.1", ...(serial !== undefined && { "_last-serial": serial }) };
    const body = JSON.stringify({ meta, name: project, versions: [`${version}`], files: [] });
    const etag = `"${serial} ${version}"`;
    this.upstream.on(pageUrl(project), (request) =>
      request.headers.get("If-None-Match") === etag
        ? new Response(null, { status: 304, headers: { ETag: etag } })
        : new Response(body, { headers: { "Content-Type": "application/vnd.pypi.simple.v1+json", ETag: etag } }),
    );
  }

  /** What the clock starts each minute, a minute after the last. */
  async minute(): Promise<void> {
    this.wait(60_000);
    await this.tick("* * * * *");
  }

  /** The projects whose pages were asked for since the last `forget`, in order. */
  fetched(): string[] {
    return this.upstream.requests
      .filter((line) => line.startsWith(`GET ${FakeUpstream.INDEX}`))
      .map((line) => line.slice(`GET ${FakeUpstream.INDEX}`.length, -1));
  }
}

export const pageUrl = (project: string) => `${FakeUpstream.INDEX}${project}/`;

/** A worker that follows its upstream's log, and keeps these projects' pages. */
export async function keeping(projects: readonly string[], platform: Partial<Platform> = {}): Promise<FollowedRig> {
  const rig = new FollowedRig(platform);
  await rig.change(...projects);
  await rig.tick("* * * * *");
  for (const project of projects) await rig.get(`/simple/${project}/`);
  // What was announced before they were fetched.
  await rig.minute();
  await rig.deliverRefreshes();
  rig.forget();
  rig.feed.calls.length = 0;
  return rig;
}

/** The versions that the stored pages list, by project; and what D1 knows of them. */
export async function state() {
  const { keys } = await env.PAGES.list<{ serial: number }>({ prefix: "page/" });
  const { results } = await env.DB.prepare("SELECT project, serial, announced_serial FROM page ORDER BY project").run();
  return { kv: keys.map(({ name, metadata }) => [name.split("/").at(-1), metadata?.serial]), d1: results };
}

/** The projects that are behind, with the serials that their pages are to have. */
export async function behind(): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "SELECT project, announced_serial FROM page WHERE announced_serial IS NOT NULL",
  ).run<{
    project: string;
    announced_serial: number;
  }>();
  return Object.fromEntries(results.map(({ project, announced_serial }) => [project, announced_serial]));
}
