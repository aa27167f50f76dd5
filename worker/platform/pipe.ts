/**
 * Joins a writer to a reader of bytes. A write resolves once its chunk has been taken over: the writer may then use the
 * chunk's memory again.
 *
 * @param size the bytes that will be written; more or fewer are an error, which the reader sees. undefined: not known
 */
export type MakePipe = (size: number | undefined) => Pipe;

export interface Pipe {
  /** A byte stream. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}
