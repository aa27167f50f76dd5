import { DatabaseSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import { Connection } from "./connection.ts";
import {
  faultOf,
  type Asked,
  type Reply,
  type SqlStatement,
  type WriteResult,
  type WriterRequest,
} from "./protocol.ts";
import { sameFileAt } from "./same-file.ts";

/**
 * The thread in which all writes to SQLite happen: a commit waits for the disk, and the main thread must not. What has
 * arrived while one commit waited goes into the next one together, so that a slow disk costs each writer one wait.
 */

type Write = Asked<Extract<WriterRequest, { kind: "write" }>>;
type WriterReply = Reply<readonly WriteResult[]>;

/** Milliseconds that another process's lock on the file is waited for. */
const BUSY = 10_000;

/** A WAL of more bytes than this is cut back after a checkpoint. */
const WAL_LIMIT = 64 * 1024 * 1024;

interface OpenFile {
  readonly connection: Connection;
  /** Whether what is committed is where the next process looks for it. Of a file that is not durable, nothing depends on that. */
  readonly isInPlace: () => boolean;
}

const files = new Map<string, OpenFile>();
const port = parentPort;
if (!port) throw new Error("This file runs in a thread of its own.");

const reply = (...messages: readonly WriterReply[]) => port.postMessage(messages);

port.on("message", (first: readonly Asked<WriterRequest>[]) => {
  const asked = [...first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    asked.push(...(next.message as readonly Asked<WriterRequest>[]));
  let writes: Write[] = [];
  const settle = () => {
    for (const [file, own] of Map.groupBy(writes, ({ request }) => request.file)) commit(file, own);
    writes = [];
  };
  for (const { id, request } of asked) {
    if (request.kind === "write") writes.push({ id, request });
    else {
      settle();
      answer(id, () => (request.kind === "open" ? open(request.file, request.durable) : close(request.file)));
    }
  }
  settle();
});

function answer(id: number, work: () => void): void {
  try {
    work();
    reply({ id, result: [] });
  } catch (error) {
    reply({ id, error: faultOf(error) });
  }
}

function open(file: string, durable: boolean): void {
  const db = new DatabaseSync(file);
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY}`);
    db.exec("PRAGMA journal_mode = WAL");
    // FULL: a commit is on the disk before it is answered. NORMAL: a power failure may lose the last commits, and no more.
    db.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
    db.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT}`);
  } catch (error) {
    db.close();
    throw error;
  }
  files.set(file, { connection: new Connection(db), isInPlace: durable ? sameFileAt(file) : () => true });
}

function close(file: string): void {
  files.get(file)?.connection.db.close();
  files.delete(file);
}

/** Runs each write in a savepoint of one transaction. A write that fails is undone alone. */
function commit(file: string, writes: readonly Write[]): void {
  const replies: WriterReply[] = [];
  try {
    const opened = files.get(file);
    if (!opened) throw new Error(`${file} is not open.`);
    if (!opened.isInPlace()) throw new Error(`${file} was moved, deleted or replaced while it was open`);
    const { connection } = opened;
    const { db } = connection;
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const { id, request } of writes) replies.push(attempt(connection, id, request.statements));
      db.exec("COMMIT");
    } catch (error) {
      undo(connection, "ROLLBACK");
      throw error;
    }
    reply(...replies);
  } catch (error) {
    reply(...writes.map(({ id }) => ({ id, error: faultOf(error) })));
  }
}

function attempt(connection: Connection, id: number, statements: readonly SqlStatement[]): WriterReply {
  const { db } = connection;
  db.exec("SAVEPOINT one_write");
  try {
    let before = totalChanges(connection);
    const result = statements.map(({ sql, values }): WriteResult => {
      const rows = connection.all(sql, ...values);
      const after = totalChanges(connection);
      const changes = after - before;
      before = after;
      return { rows, changes };
    });
    db.exec("RELEASE one_write");
    return { id, result };
  } catch (error) {
    if (!undo(connection, "ROLLBACK TO one_write; RELEASE one_write")) throw error;
    return { id, error: faultOf(error) };
  }
}

/** `changes()` would not do: after a SELECT it has the number of the statement before. */
const totalChanges = (connection: Connection) => Number(connection.all("SELECT total_changes() AS n")[0]?.["n"]);

/**
 * Undoes what was done. False where there is nothing to undo: some errors (a full disk) have ended the transaction, with
 * all writes in it.
 */
function undo({ db }: Connection, sql: string): boolean {
  try {
    db.exec(sql);
    return true;
  } catch {
    return false;
  }
}
