/** A database that fails whatever it is asked. */
export const DATABASE_AWAY = new Proxy({} as D1Database, {
  get: () => () => {
    throw new Error("D1 is away");
  },
});
