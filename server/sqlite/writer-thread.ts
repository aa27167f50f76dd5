import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import type { Row, SqlStatement, WriteResult, WriterReply, WriterRequest } from "./protocol.ts";

/**
 * The thread in which all writes to SQLite happen: a commit waits for the disk, and the main thread must not. What has
 * arrived while one commit waited goes into the next one together, so that a slow disk costs each writer one wait.
 */

interface Connection {
  readonly db: DatabaseSync;
  readonly prepared: Map<string, StatementSync>;
}

type Write = Extract<WriterRequest, { kind: "write" }>;

/** Milliseconds that another process's lock on the file is waited for. */
const BUSY = 10_000;

/** A WAL of more bytes than this is cut back after a checkpoint. */
const WAL_LIMIT = 64 * 1024 * 1024;

const connections = new Map<string, Connection>();
const port = parentPort;
if (!port) throw new Error("This file runs in a thread of its own.");

const reply = (message: WriterReply) => port.postMessage(message);

port.on("message", (first: WriterRequest) => {
  const requests = [first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    requests.push(next.message as WriterRequest);
  let gathered: Write[] = [];
  const settle = () => {
    for (const [file, writes] of Map.groupBy(gathered, (write) => write.file)) commit(file, writes);
    gathered = [];
  };
  for (const request of requests) {
    if (request.kind === "write") gathered.push(request);
    else {
      settle();
      answer(request.id, () => (request.kind === "open" ? open(request.file, request.durable) : close(request.file)));
    }
  }
  settle();
});

function answer(id: number, work: () => void): void {
  try {
    work();
    reply({ id, results: [] });
  } catch (error) {
    reply({ id, error: textOf(error) });
  }
}

function open(file: string, durable: boolean): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA busy_timeout = ${BUSY}`);
  db.exec("PRAGMA journal_mode = WAL");
  // FULL: a commit is on the disk before it is answered. NORMAL: a power failure may lose the last commits, and no more.
  db.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
  db.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT}`);
  connections.set(file, { db, prepared: new Map() });
}

function close(file: string): void {
  connections.get(file)?.db.close();
  connections.delete(file);
}

/** Runs each write in a savepoint of one transaction. A write that fails is undone alone. */
function commit(file: string, writes: readonly Write[]): void {
  const connection = connections.get(file);
  const replies: WriterReply[] = [];
  try {
    if (!connection) throw new Error(`${file} is not open.`);
    const { db } = connection;
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const { id, statements } of writes) replies.push(attempt(connection, id, statements));
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
    for (const each of replies) reply(each);
  } catch (error) {
    for (const { id } of writes) reply({ id, error: textOf(error) });
  }
}

function attempt(connection: Connection, id: number, statements: readonly SqlStatement[]): WriterReply {
  const { db } = connection;
  db.exec("SAVEPOINT one_write");
  try {
    const results = statements.map((statement) => run(connection, statement));
    db.exec("RELEASE one_write");
    return { id, results };
  } catch (error) {
    // Some errors (a full disk) have ended the transaction itself: then the others have failed, too.
    if (!db.isTransaction) throw error;
    db.exec("ROLLBACK TO one_write; RELEASE one_write");
    return { id, error: textOf(error) };
  }
}

function run({ db, prepared }: Connection, { sql, values }: SqlStatement): WriteResult {
  const statement = prepared.get(sql) ?? db.prepare(sql);
  prepared.set(sql, statement);
  const rows = statement.all(...values) as Row[];
  const counted = prepared.get(CHANGES) ?? db.prepare(CHANGES);
  prepared.set(CHANGES, counted);
  return { rows, changes: Number(counted.get()?.["n"]) };
}

const CHANGES = "SELECT changes() AS n";

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
