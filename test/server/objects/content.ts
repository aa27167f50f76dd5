/** The bytes of an object's version in the tests with a process of their own: one cannot be taken for another. */
export const contentOf = (key: string, version: number) => Buffer.from(`${key} ${version}\n`.repeat(500));
