import { refreshMessage } from "../../schema/refresh.ts";
import { IndexError, messageOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Page } from "../repository/page.ts";
import type { MirroredSource } from "../repository/repository.ts";
import { again, complaintOf, drop } from "./deliveries.ts";
import { prefetching, type Prefetch } from "./prefetch.ts";
import type { Consumer } from "./queues.ts";
import type { Context } from "../repository/context.ts";

/** Pages at a time: one of 10 MB takes some 100 MB while it is made. */
const AT_ONCE = 4;

/** A page that is in memory and younger may not have reached the store yet, nor ever do. Milliseconds. */
const MAYBE_UNSTORED = 10_000;

/** What was stored since may be newer than the answer that it is gone. Milliseconds. */
const JUST_CLAIMED = 60_000;

/** A page to be fetched, and the serial that it is to have where somebody knows. */
interface Task {
  readonly name: ProjectName;
  readonly wanted: number | undefined;
}

/** Why a page could not be made good. `retryAfter` in seconds, where the upstream said so. */
interface Trouble {
  readonly name: ProjectName;
  readonly reason: string;
  readonly retryAfter: number | undefined;
}

/**
 * Has pages checked with their upstream. Of those that the log of changes named, only what is behind still: a message that
 * comes twice, late or out of order costs one read. What cannot be done now comes again, and what is done by then is left
 * out. Pages that are merely asked for often do not come again: their next plan does.
 */
export const refreshPages: Consumer = async (batch, { sources }, ctx) => {
  for (const message of batch.messages) await refresh(message, sources, ctx);
};

async function refresh(message: Message, sources: ReadonlyMap<string, MirroredSource>, ctx: Context): Promise<void> {
  const dropped = (what: string, reason: string) => drop(message, { event: "refresh-dropped", what, reason }, ctx);
  const parsed = refreshMessage.safeParse(message.body);
  if (!parsed.success) return dropped(`message ${message.id}`, complaintOf(parsed.error));
  const { source: key, names, cause } = parsed.data;
  const source = sources.get(key);
  if (!source) return dropped(`message ${message.id}`, `no index here mirrors ${key}`);
  const fromFeed = cause === "feed";
  const what = `pages of ${source.name}`;
  if (fromFeed && !source.changes) return dropped(what, "its log of changes is not followed here");
  try {
    const tasks = fromFeed ? await waiting(names, source) : names.map((name) => ({ name, wanted: undefined }));
    const troubles = await refreshAll(tasks, source, prefetching(source, names, ctx), ctx);
    const [first] = troubles;
    if (!first) return message.ack();
    const reason = `${first.name}: ${first.reason}`;
    const event = { event: "refresh-delayed", what: `${troubles.length} of ${tasks.length} ${what}`, reason } as const;
    if (fromFeed) {
      const left = Math.max(...troubles.map(({ retryAfter }) => retryAfter ?? 0));
      // Else they would be taken for lost, and planned before the upstream wants to be asked.
      if (left > 0) await source.changes?.behind.queued(namesOf(troubles), ctx.now + left * 1_000);
      return again(message, event, ctx, left);
    }
    ctx.report(event);
    message.ack();
  } catch (error) {
    again(message, { event: "storage-failed", what, reason: messageOf(error) }, ctx);
  }
}

const namesOf = (troubles: readonly Trouble[]) => troubles.map(({ name }) => name);

async function waiting(names: readonly ProjectName[], { changes }: MirroredSource): Promise<Task[]> {
  const wanted = await changes?.behind.among(names);
  return [...(wanted ?? [])].map(([name, serial]) => ({ name, wanted: serial }));
}

/** A few at a time, until the upstream says that it wants to be left alone: what was not asked for then is in trouble, too. */
async function refreshAll(
  tasks: readonly Task[],
  source: MirroredSource,
  prefetch: Prefetch,
  ctx: Context,
): Promise<Trouble[]> {
  const troubles: Trouble[] = [];
  const queue = tasks.values();
  let told: Trouble | undefined;
  const work = async () => {
    for (const task of queue) {
      const trouble = told ? { ...told, name: task.name } : await refreshPage(task, source, prefetch, ctx);
      if (trouble) troubles.push(trouble);
      if (trouble?.retryAfter !== undefined) told ??= trouble;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return troubles;
}

/** Fetches one page, and has it stored where it has changed, before the next one is begun. */
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
    return reason === undefined ? undefined : { name, reason, retryAfter: undefined };
  } catch (error) {
    ctx.defer(Promise.allSettled(left));
    const failure = error instanceof IndexError ? error : undefined;
    return { name, reason: failure?.reason ?? messageOf(error), retryAfter: failure?.retryAfter };
  }
}

/** Why the page is not what it is to be; undefined where it is, or where nobody can say. */
async function shortcoming(page: Page | null, { name, wanted }: Task, { changes }: MirroredSource, ctx: Context) {
  if (page?.via === "stale") return "its upstream has just failed and is left alone";
  if (wanted === undefined) return undefined;
  // Without a serial it cannot be held against the log, nor can a page that is gone: it was asked for after the change.
  const serial = page?.head.serial;
  if (serial !== undefined && Number(serial) < wanted)
    return `the upstream gave serial ${serial}, and its log ${wanted}`;
  const unsure = page?.via === "memory" && ctx.now - page.head.changedAt < MAYBE_UNSTORED;
  if (unsure) return "it is being stored by somebody else";
  if (page) await changes?.behind.settle(name, wanted);
  else await changes?.behind.gone(name, wanted, ctx.now - JUST_CLAIMED);
  return undefined;
}
