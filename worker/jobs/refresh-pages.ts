import type { Delivered } from "../platform/queues.ts";
import { refreshMessage } from "../../schema/refresh.ts";
import { MINUTE, SECOND } from "../duration.ts";
import { IndexError, messageOf, reasonOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Page } from "../repository/page.ts";
import type { Context } from "../repository/context.ts";
import { inPool } from "../repository/pool.ts";
import type { MirroredSource } from "../repository/repository.ts";
import { retryMessage, readMessage, dropMessage } from "./delivery.ts";
import { createPrefetch, type Prefetch } from "./prefetch-release.ts";
import type { Consumer } from "./consumer.ts";
import { verifyProjects } from "./verify-provenance.ts";

/** Pages that are refreshed at the same time: a page of 10 MB takes some 100 MB of memory while it is parsed. */
const AT_ONCE = 4;

/** A page in memory that is younger may not be stored yet, and may never be. Milliseconds. */
const MAYBE_UNSTORED = 10 * SECOND;

/** A page that was stored since may be newer than the answer that the project is gone. Milliseconds. */
const JUST_CLAIMED = MINUTE;

/** A page to be fetched, and the serial that the change log gives for it, if any. */
interface Task {
  readonly name: ProjectName;
  readonly announced: number | undefined;
}

/** Why a page could not be refreshed. `retryAfterSeconds`: where the upstream said so. */
interface Trouble {
  readonly name: ProjectName;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * Revalidates pages with their upstream. Of the pages that the change log named, only those that are still outdated: a message
 * that comes twice, late or out of order costs one read. Their message is delivered again where a page failed, and the pages that
 * are right by then are left out. A message about popular pages is not delivered again: the job `refresh` queues them anew.
 */
export const refreshPages: Consumer = async (batch, { sources }, ctx) => {
  for (const message of batch.messages) await refresh(message, sources, ctx);
};

async function refresh(message: Delivered, sources: ReadonlyMap<string, MirroredSource>, ctx: Context): Promise<void> {
  const dropped = (what: string, reason: string) =>
    dropMessage(message, { event: "refresh-dropped", what, reason }, ctx);
  const said = readMessage(message, refreshMessage, "refresh-dropped", ctx);
  if (!said) return;
  const { source: key, names, cause } = said;
  const source = sources.get(key);
  if (!source) return dropped(`message ${message.id}`, `no index here mirrors ${key}`);
  const fromFeed = cause === "feed";
  if (cause === "verify") {
    await verifyProjects(names, source, ctx);
    return message.ack();
  }
  const what = `pages of ${source.name}`;
  if (fromFeed && !source.changes) return dropped(what, "its change log is not followed here");
  try {
    const tasks = fromFeed ? await waiting(names, source) : names.map((name) => ({ name, announced: undefined }));
    const changed: ProjectName[] = [];
    const prefetch = createPrefetch(source, names, ctx);
    const noteChanged: Prefetch = async (name, project) => {
      if (project.page.via === "upstream") changed.push(name);
      await prefetch(name, project);
    };
    const troubles = await refreshAll(tasks, source, noteChanged, ctx);
    if (source.verified && changed.length > 0) await source.refreshes.send(changed, "verify");
    const [first] = troubles;
    if (!first) return message.ack();
    const reason = `${first.name}: ${first.reason}`;
    const event = { event: "refresh-delayed", what: `${troubles.length} of ${tasks.length} ${what}`, reason } as const;
    if (fromFeed) {
      const left = Math.max(...troubles.map(({ retryAfterSeconds }) => retryAfterSeconds ?? 0));
      // Else the job `feed` would take the message for lost, and queue the pages before the upstream wants to be asked.
      if (left > 0) await source.changes?.behind.queued(namesOf(troubles), ctx.now + left * SECOND);
      return retryMessage(message, event, ctx, left);
    }
    ctx.report(event);
    message.ack();
  } catch (error) {
    retryMessage(message, { event: "storage-failed", what, reason: messageOf(error) }, ctx);
  }
}

const namesOf = (troubles: readonly Trouble[]) => troubles.map(({ name }) => name);

async function waiting(names: readonly ProjectName[], { changes }: MirroredSource): Promise<Task[]> {
  const behind = await changes?.behind.among(names);
  return [...(behind ?? [])].map(([name, serial]) => ({ name, announced: serial }));
}

/** A few at a time, until the upstream asks for a pause (`Retry-After`): the pages that were not asked for yet then fail, too. */
async function refreshAll(
  tasks: readonly Task[],
  source: MirroredSource,
  prefetch: Prefetch,
  ctx: Context,
): Promise<Trouble[]> {
  let told: Trouble | undefined;
  const troubles = await inPool(AT_ONCE, tasks, async (task) => {
    const trouble = told ? { ...told, name: task.name } : await refreshPage(task, source, prefetch, ctx);
    if (trouble?.retryAfterSeconds !== undefined) told ??= trouble;
    return trouble;
  });
  return troubles.filter((trouble) => trouble !== undefined);
}

/** Fetches one page, and waits until it is stored, where it has changed. */
async function refreshPage(
  task: Task,
  source: MirroredSource,
  prefetch: Prefetch,
  ctx: Context,
): Promise<Trouble | undefined> {
  const { name } = task;
  const left: Promise<unknown>[] = [];
  try {
    const defer = (work: Promise<unknown>) => void left.push(work);
    const project = await source.repository.project(name, { ...ctx, defer }, { maxAgeMs: 0, strict: true });
    await project?.page.cancel();
    await Promise.all(left);
    if (project) await prefetch(name, project);
    const reason = await shortcoming(project?.page ?? null, task, source, ctx);
    return reason === undefined ? undefined : { name, reason, retryAfterSeconds: undefined };
  } catch (error) {
    ctx.defer(Promise.allSettled(left));
    const failure = error instanceof IndexError ? error : undefined;
    return { name, reason: reasonOf(error), retryAfterSeconds: failure?.retryAfterSeconds };
  }
}

/** Why the page is not as new as the change log says; undefined where it is, or where that cannot be told. */
async function shortcoming(page: Page | null, { name, announced }: Task, { changes }: MirroredSource, ctx: Context) {
  if (page?.via === "stale") return "its upstream has just failed and is not asked again yet";
  if (announced === undefined) return undefined;
  // A page without a serial, or one that is gone, cannot be compared with the change log; it was asked for after the change.
  const serial = page?.head.serial;
  if (serial !== undefined && Number(serial) < announced)
    return `the upstream gave serial ${serial}, and its change log ${announced}`;
  const unsure = page?.via === "memory" && ctx.now - page.head.changedAt < MAYBE_UNSTORED;
  if (unsure) return "another request is storing it";
  if (page) await changes?.behind.settle(name, announced);
  else await changes?.behind.gone(name, announced, { before: ctx.now - JUST_CLAIMED, now: ctx.now });
  return undefined;
}
