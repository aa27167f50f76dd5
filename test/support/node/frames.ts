import { connect, type TLSSocket } from "node:tls";

/** Frames of HTTP/2 (RFC 9113, 6), for what no client sends. */
export const FRAMES = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 } as const;
export const END_HEADERS = 4;

export const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** A field that HPACK has not compressed (RFC 7541, 6.2.2): shorter than 127 characters in its name. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

function text(of: string): Buffer {
  const length = of.length;
  if (length < 127) return Buffer.concat([Buffer.of(length), Buffer.from(of, "latin1")]);
  const rest: number[] = [127];
  let left = length - 127;
  for (; left >= 128; left = Math.floor(left / 128)) rest.push((left % 128) + 128);
  return Buffer.concat([Buffer.from([...rest, left]), Buffer.from(of, "latin1")]);
}

export const requestFields = (method: string, path: string): Buffer =>
  Buffer.concat([
    literal(":method", method),
    literal(":path", path),
    literal(":scheme", "https"),
    literal(":authority", "edge.test"),
  ]);

/**
 * A connection on which the preface and SETTINGS were sent.
 *
 * @param more `allowHalfOpen`: its side stays open when the server has closed its own
 */
export async function openFrames(port: number, more: { readonly allowHalfOpen?: boolean } = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"], ...more });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(FRAMES.settings, 0, 0));
  return socket;
}

/** Types of the frames that come until the connection is closed. */
export async function framesOf(socket: TLSSocket): Promise<number[]> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once("close", resolve));
  const all = Buffer.concat(chunks);
  const types: number[] = [];
  for (let at = 0; at + 9 <= all.length; at += 9 + all.readUIntBE(at, 3)) types.push(all[at + 3] ?? -1);
  return types;
}
