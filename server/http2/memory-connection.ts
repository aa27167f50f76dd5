import { Duplex } from "node:stream";

/** Where a connection seems to come from. */
interface Peer {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/** Bytes that pass at once. Each piece that is taken counts as progress. */
const PIECE = 64 * 1024;

interface Pending {
  readonly chunk: Buffer;
  passed: number;
  readonly done: () => void;
}

/** One end of a connection in memory, with what Node's HTTP server and client use of a socket. */
class ConnectionEnd extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Itself until it is joined. */
  #other: ConnectionEnd = this;
  #pending: Pending | undefined;
  #isReading = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ remoteAddress, remotePort }: Peer) {
    super({ allowHalfOpen: true });
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  join(other: ConnectionEnd): void {
    this.#other = other;
  }

  /** As of a socket: `timeout` is emitted when no byte has passed for so many milliseconds; 0: never. */
  setTimeout(milliseconds: number): this {
    clearTimeout(this.#timer);
    this.#timer = milliseconds > 0 ? setTimeout(() => this.emit("timeout"), milliseconds).unref() : undefined;
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  override _read(): void {
    this.#isReading = true;
    this.#other.#pass();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    // What comes after an answer that closes the connection is not read.
    if (this.#other.destroyed) return done();
    this.#pending = { chunk, passed: 0, done };
    this.#pass();
  }

  /** A head and the body that leaves with it pass as one piece. */
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer" as BufferEncoding, done);
  }

  override _final(done: () => void): void {
    this.#other.push(null);
    done();
  }

  /** What was sent before the end can still be read; where there was no end, the other end is closed as well. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#pending = undefined;
    if (!this.writableFinished) this.#other.destroy();
    this.#other.#drop();
    done(error);
  }

  #pass(): void {
    const [pending, other] = [this.#pending, this.#other];
    if (!pending || !other.#isReading) return;
    // Copied: the writer uses its memory again once it has been told that it was written.
    const piece = Buffer.from(pending.chunk.subarray(pending.passed, pending.passed + PIECE));
    pending.passed += piece.length;
    this.bytesWritten += piece.length;
    other.bytesRead += piece.length;
    this.#timer?.refresh();
    other.#timer?.refresh();
    other.#isReading = false;
    other.push(piece);
    if (pending.passed < pending.chunk.length) return;
    this.#pending = undefined;
    pending.done();
  }

  #drop(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done();
  }
}

/** A connection in memory. Neither end takes more from the other than it reads. */
export function memoryConnection(peer: Peer): { readonly server: Duplex; readonly client: Duplex } {
  const [server, client] = [new ConnectionEnd(peer), new ConnectionEnd(peer)];
  server.join(client);
  client.join(server);
  return { server, client };
}
