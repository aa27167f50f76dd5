import { env } from "cloudflare:workers";
import { host, pageIn, teamOf } from "./hosted.ts";
import { call, type AuditRow, at } from "./releases.ts";
import { Rig } from "./rig.ts";

export const DAY = 86_400_000;

/** An index that keeps some releases, and one to promote to; anyone may read both. */
export const keepingTeam = (keep: Record<string, unknown>, platform = {}) =>
  new Rig(
    teamOf(
      { keep },
      { prod: { sources: [], hosted: true, read: "anyone" }, scratch: { sources: [], hosted: true, volatile: true } },
    ),
    platform,
  );

export const wheelOf = (version: string, project = "demo") => `${project}-${version}-py3-none-any.whl`;

/** Has the team's index host a release, uploaded now unless `uploadedAt` says otherwise. Returns its address. */
export async function release(rig: Rig, version: string, more: Parameters<typeof host>[2] = {}): Promise<string> {
  const { path } = await host("demo", wheelOf(version), { uploadedAt: rig.now, metadata: "Name: demo\n", ...more });
  return `/team${path}`;
}

/** Moves the clock on, as if the crons had fired each hour, and has releases looked at before and after that. */
export async function days(rig: Rig, count: number): Promise<void> {
  await run(rig, "prune");
  rig.wait(count * DAY);
  await env.DB.prepare("UPDATE job SET ran_at = ?1 WHERE name GLOB 'uses-until:*'").bind(rig.now).run();
  await run(rig, "prune");
}

/** The versions on the project's page. */
export async function shown(rig: Rig, index = "/team"): Promise<readonly string[] | undefined> {
  const { json } = await pageIn(rig, index, "demo");
  return json?.files.map(({ filename }) => String(filename).split("-")[1] ?? "");
}

export const restore = (rig: Rig, version: string, index = "team") =>
  call(rig, "POST", at(index, "demo", version, "restore"));

/** Audit entries of one action, oldest first. */
export const audited = async (action: string) =>
  (await env.DB.prepare("SELECT * FROM audit WHERE action = ?1 ORDER BY id").bind(action).all<AuditRow>()).results;

/** What a job says that is started by hand. */
export async function run(rig: Rig, job: string, dryRun = false): Promise<string[]> {
  const { text } = await rig.post(`jobs/${job}${dryRun ? "?dry-run=true" : ""}`);
  return (JSON.parse(text()) as { did: string[] }).did;
}
