import { DatabaseSync } from "node:sqlite";

/** The thread that writes, on a disk where each commit takes 200 ms. It says on the channel `commits` that one begins. */
const DELAY = 200;

const commits = new BroadcastChannel("commits");
// The prototype of this thread alone.
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql) {
  if (sql === "COMMIT") {
    commits.postMessage(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DELAY);
  }
  exec.call(this, sql);
};

await import("../../../server/sqlite/writer-thread.ts");
