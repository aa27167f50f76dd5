import { messageOf } from "../errors.ts";
import type { FileEntry, ProjectPage } from "../pypi/page.ts";
import type { KnownPublisher, Publisher } from "../pypi/publisher.ts";
import type { Page } from "../repository/page.ts";
import type { KnownVerdict, VerdictStore } from "../repository/ports/provenance.ts";
import type { CompletePage } from "./complete-page.ts";

/**
 * Adds to each page who its files are by, as far as that was verified: rules read it there. It costs one read of the
 * verdicts for each page that is made. Where that fails, the page keeps what the stored one had.
 *
 * @param verdicts undefined where no provenance of the source is verified
 */
export const withPublishers =
  (verdicts: VerdictStore | undefined) =>
  (complete: CompletePage): CompletePage =>
    verdicts
      ? async (page, before, ctx) => {
          const completed = await complete(page, before, ctx);
          try {
            return proven(completed, await verdicts.of(page.name));
          } catch (error) {
            const what = `who the files of ${page.name} are by`;
            ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
            return carriedOver(completed, before.known);
          }
        }
      : complete;

function proven(page: ProjectPage, verdicts: ReadonlyMap<string, KnownVerdict>): ProjectPage {
  if (verdicts.size === 0) return page;
  const publishers = publishersOf([...verdicts.values()]);
  const places = new Map(publishers.map((publisher, at) => [keyOf(publisher), at]));
  const files = page.files.map((entry): FileEntry => {
    const known = verdicts.get(entry.filename);
    if (entry.provenance === undefined || !known || known.sha256 !== (entry.hashes["sha256"] ?? "")) return bare(entry);
    const { verdict } = known;
    return verdict.state === "verified"
      ? { ...bare(entry), _publisher: places.get(keyOf(verdict.publisher)) }
      : { ...bare(entry), _unproven: verdict.reason };
  });
  return { ...page, files, _publishers: publishers.length > 0 ? publishers : undefined };
}

/** An entry that was kept from an earlier page has what was known then. */
const bare = (entry: FileEntry): FileEntry =>
  entry._publisher === undefined && entry._unproven === undefined
    ? entry
    : { ...entry, _publisher: undefined, _unproven: undefined };

/** Each publisher once, with the time of its first file; the first one first. */
function publishersOf(verdicts: readonly KnownVerdict[]): KnownPublisher[] {
  const known = new Map<string, KnownPublisher>();
  for (const { verdict, uploadedAt } of verdicts) {
    if (verdict.state !== "verified") continue;
    const key = keyOf(verdict.publisher);
    const since = Math.min(uploadedAt ?? 0, known.get(key)?.since ?? Infinity);
    known.set(key, { ...verdict.publisher, since });
  }
  return [...known]
    .toSorted(([key, one], [otherKey, other]) => one.since - other.since || (key < otherKey ? -1 : 1))
    .map(([, publisher]) => publisher);
}

const keyOf = ({ kind, repository, workflow, account, repositoryId, ownerId }: Publisher) =>
  JSON.stringify([kind, repository, workflow, account, repositoryId, ownerId]);

/** The page with what the stored one says of files that are the same. */
async function carriedOver(page: ProjectPage, known: Page | undefined): Promise<ProjectPage> {
  const before = await known?.model();
  if (!before?._publishers && !before?.files.some(({ _unproven }) => _unproven !== undefined)) return page;
  const entries = new Map(before.files.map((entry) => [entry.filename, entry]));
  const files = page.files.map((entry): FileEntry => {
    const earlier = entries.get(entry.filename);
    if (earlier?.hashes["sha256"] !== entry.hashes["sha256"]) return bare(entry);
    return { ...bare(entry), _publisher: earlier?._publisher, _unproven: earlier?._unproven };
  });
  return { ...page, files, _publishers: before._publishers };
}
