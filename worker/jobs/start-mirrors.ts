import type { Job } from "./job.ts";

/** The job `mirror`: has those mirrors gone on with that have something to do. Without anything to do it costs one query. */
export const startMirrors: Job = async ({ mirrors, mirrorLists }, ctx, { dryRun }) => {
  const due = await mirrorLists.due([...mirrors.keys()], ctx.now);
  const started: string[] = [];
  for (const key of due) {
    const mirror = mirrors.get(key);
    if (!mirror) continue;
    if (!dryRun) await mirror.queue.send();
    started.push(mirror.source.name);
  }
  return started.length > 0 ? started.map((source) => ({ kind: "mirror-queued", source })) : [{ kind: "mirrors-idle" }];
};
