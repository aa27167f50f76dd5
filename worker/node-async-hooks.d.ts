/** What is used of the runtime's own `node:async_hooks`: the other declarations of Node would hide what Workers lack. */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<Store> {
    run<Result>(store: Store, work: () => Result): Result;
    getStore(): Store | undefined;
  }
}
