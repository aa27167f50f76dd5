/**
 * The results of `work` for all `items`, in their order, with at most `limit` calls at a time. After a failure no further call
 * starts. When the running calls have ended, it rejects with the error of the first failed item in the items' order.
 */
export async function inPool<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) {
      try {
        results[at] = await work(item);
      } catch (error) {
        failures[at] = error;
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  for (const failure of failures) if (failure !== undefined) throw failure;
  return results;
}
