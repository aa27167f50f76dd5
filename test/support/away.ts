/** A database that fails whatever it is asked. */
export const DATABASE_AWAY = new Proxy({} as D1Database, {
  // D1 has no version that could be asked for without a query.
  get: (_, name) =>
    name === "version"
      ? undefined
      : () => {
          throw new Error("D1 is away");
        },
});
