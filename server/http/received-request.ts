/** Stands where the constructor would refuse the URL, or need time to normalise it: `url` is overridden. */
const PLACEHOLDER = "http://localhost/";

/** Methods that the constructor takes beside a body. */
const WITH_BODY = new Set(["POST", "PUT", "PATCH", "DELETE"]);

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly clientAddress: string;
}

/**
 * A request as it was received: `url` and `method` are what the client sent, where those of Node's own Request are
 * normalised, and GET may have a body. It is not copied: `new Request(request)` would have neither these nor its headers.
 */
export class ReceivedRequest extends Request {
  readonly #method: string;
  readonly #headers: Headers;
  readonly #url: string;
  /** Empty where it is not known. */
  readonly clientAddress: string;

  constructor({ method, url, headers, body, clientAddress }: Received) {
    const copied = WITH_BODY.has(method) ? method : "POST";
    // `duplex` is required for a stream (Fetch standard, 5.4).
    if (body)
      super(URL.canParse(url) ? url : PLACEHOLDER, { method: copied, headers, body, duplex: "half" } as RequestInit);
    else super(PLACEHOLDER);
    this.#method = method;
    this.#headers = headers;
    this.#url = url;
    this.clientAddress = clientAddress;
  }

  override get method(): string {
    return this.#method;
  }

  /** As they were given: the constructor would copy them. */
  override get headers(): Headers {
    return this.#headers;
  }

  override get url(): string {
    return this.#url;
  }

  override clone(): never {
    throw new TypeError("A received request is not cloned: its body can be read once.");
  }
}
