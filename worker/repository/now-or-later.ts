/**
 * A value that is there at once where it is known. What each request asks for is given this way: to wait for a promise costs
 * a warm request more than most of its look-ups.
 */
export type NowOrLater<Value> = Value | Promise<Value>;

/** Uses a value: at once where it is there. What `use` throws is then thrown, and else rejects. */
export function withValue<Value, Result>(
  value: NowOrLater<Value>,
  use: (value: Value) => NowOrLater<Result>,
): NowOrLater<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** All of some values, in their order. */
export function allValues<Value>(values: readonly NowOrLater<Value>[]): NowOrLater<readonly Value[]> {
  return values.some(isLater) ? Promise.all(values) : (values as readonly Value[]);
}

const isLater = <Value>(value: NowOrLater<Value>) => value instanceof Promise;
