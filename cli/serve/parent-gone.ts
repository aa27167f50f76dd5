import { SECOND } from "../../worker/duration.ts";

/** How often the parent is looked at. Milliseconds. */
const EACH = SECOND / 2;

/**
 * Resolves where npx (`npm exec`) has started this process and its shell is gone: npm passes a signal on to the shell
 * `sh -c "pypi-edge …"` alone, which dies of it. Never resolves for a process that was started in another way, since one
 * that is meant to outlive its parent (nohup, setsid) cannot be told from one that was forgotten.
 *
 * @param parent the id of the process's parent, now
 */
export function parentGone(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  parent: () => number = () => process.ppid,
): Promise<void> {
  const first = parent();
  // A shell that is gone already had this process started in the background.
  if (environment["npm_command"] !== "exec" || first === 1) return new Promise(() => undefined);
  return new Promise((resolve) => {
    const looking = setInterval(() => {
      if (parent() === first) return;
      clearInterval(looking);
      resolve();
    }, EACH);
    looking.unref();
  });
}
