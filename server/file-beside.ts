import { fileURLToPath } from "node:url";

/**
 * The path of a program that a file starts as a thread or process. It lies beside that file, as TypeScript in a clone and
 * as JavaScript in a bundle.
 *
 * @param url of the file that starts it: `import.meta.url`
 * @param name without the extension
 */
export const fileBeside = (url: string, name: string): string =>
  fileURLToPath(new URL(`./${name}${url.slice(url.lastIndexOf("."))}`, url).href);
