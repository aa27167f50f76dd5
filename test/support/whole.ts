/** The bodies that were given since somebody last looked at them. */
const given: ReadableStream[] = [];

/**
 * How many of the bodies that bindings have given since this was last asked were neither read, even in part, nor cancelled. Each is a
 * transfer that goes on until the store gives it up.
 */
export const unreadBodies = () => given.splice(0).filter(isUnread).length;

/**
 * A binding that hands bodies over whole, and is otherwise the same. The simulators of R2 and KV are workers of their own, so a
 * body on its way from or to them is a connection: where it is given up or broken off, as the product has to at times, they print
 * an exception that R2 and KV do not have. So the binding is asked with a stream only once all of it has come (the call fails
 * with what the stream fails with), and what it gives is in memory before it is given.
 *
 * @param keep is told each body that it gives; `unreadBodies` looks at them, unless it is given
 */
export function whole<T extends object>(binding: T, keep = (body: ReadableStream) => void given.push(body)): T {
  const bodyOf = async (stream: ReadableStream) => {
    const bytes = await new Response(stream).bytes();
    // Of no bytes a response has no body.
    const body = new Response(bytes).body ?? new ReadableStream();
    keep(body);
    return body;
  };
  const result = async (promise: unknown) => {
    const value = await promise;
    if (value instanceof ReadableStream) return bodyOf(value);
    if (!(value instanceof Object)) return value;
    if ("uploadPart" in value) return whole(value, keep);
    if ("body" in value && value.body instanceof ReadableStream) return objectOf(value as R2ObjectBody, bodyOf);
    if ("value" in value && value.value instanceof ReadableStream)
      return Object.assign(value, { value: await bodyOf(value.value) });
    return value;
  };
  return new Proxy(binding, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const call = (all: unknown[]): unknown => Reflect.apply(value, target, all);
        if (property === "resumeMultipartUpload") return whole(call(args) as R2MultipartUpload, keep);
        return result(
          args.some((arg) => arg instanceof ReadableStream) ? Promise.all(args.map(arrived)).then(call) : call(args),
        );
      };
    },
  });
}

/** A stream once all of it has come; it has the length that it was said to have. */
async function arrived(arg: unknown): Promise<unknown> {
  if (!(arg instanceof ReadableStream)) return arg;
  // A copy of the bytes would have a known length even where the stream has none, which R2 refuses.
  const [read, kept] = arg.tee();
  try {
    for await (const _ of read);
    return kept;
  } catch (error) {
    await kept.cancel().catch(() => undefined);
    throw error;
  }
}

/** What reads the body of an object of R2, or says whether that was done. */
const READING: ReadonlySet<PropertyKey> = new Set(["arrayBuffer", "blob", "bodyUsed", "bytes", "json", "text"]);

/** The same object; its body is one of these bytes. */
async function objectOf(object: R2ObjectBody, bodyOf: (stream: ReadableStream) => Promise<ReadableStream>) {
  const body = await bodyOf(object.body);
  const answer = new Response(body);
  return new Proxy(object, {
    get(target, property) {
      if (property === "body") return body;
      const owner = READING.has(property) ? answer : target;
      const value: unknown = Reflect.get(owner, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, owner, args);
    },
  });
}

/** A reader that is at work has begun to read; of one that has let go, only a body that was never read makes an answer. */
function isUnread(body: ReadableStream): boolean {
  if (body.locked) return false;
  try {
    return !new Response(body).bodyUsed;
  } catch {
    return false;
  }
}
