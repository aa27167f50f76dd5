/**
 * What `work` makes of each of `items`, in their order, at most `limit` at a time. Once one is rejected no other is begun, and
 * when those under way have ended it rejects with what the first of them in order was rejected with.
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
