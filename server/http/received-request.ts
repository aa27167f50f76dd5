/** Never seen: `url` is overridden. The constructor would normalise the real one, or refuse it. */
const PLACEHOLDER = "http://localhost/";

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly clientAddress: string;
}

/**
 * A request as it was received: `url` and `method` are what the client sent, where those of Node's own Request are
 * normalised, and GET may have a body. It cannot be copied by `new Request(request)`.
 */
export class ReceivedRequest extends Request {
  readonly #method: string;
  readonly #url: string;
  /** The socket's address. */
  readonly clientAddress: string;

  constructor({ method, url, headers, body, clientAddress }: Received) {
    // `duplex` is Node's, and required for a stream (Fetch standard, 5.4).
    const withBody = { method: "POST", headers, body, duplex: "half" };
    super(PLACEHOLDER, body ? withBody : { headers });
    this.#method = method;
    this.#url = url;
    this.clientAddress = clientAddress;
  }

  override get method(): string {
    return this.#method;
  }

  override get url(): string {
    return this.#url;
  }

  override clone(): never {
    throw new TypeError("A received request is not cloned: its body can be read once.");
  }
}
