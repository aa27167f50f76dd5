/**
 * Becomes a program as a container has it: `node in-container.ts STATE PROGRAM WORDS…`. It sees a read-only file system, but for
 * STATE, and is a user that the system does not know, of the group root. It needs Linux and root.
 */
import { CONTAINER_USER } from "./container.ts";

const SETUP = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro /
shift
exec setpriv --reuid ${CONTAINER_USER} --regid 0 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`;

const [state = "", ...program] = process.argv.slice(2);
process.execve?.("/usr/bin/unshare", ["unshare", "--mount", "sh", "-c", SETUP, "sh", state, ...program]);
