/**
 * A binding that hands bodies over whole, and is otherwise the same. The simulators of R2 and KV are workers of their own, so a
 * body on its way from or to them is a connection: where it is given up or broken off, as the product has to at times, they print
 * an exception that R2 and KV do not have. So the binding is asked with a stream only once all of it has come (the call fails
 * with what the stream fails with), and what it gives is in memory before it is given.
 *
 * @param given where to note the bodies that it gives
 */
export function whole<T extends object>(binding: T, given: ReadableStream[] = []): T {
  const bodyOf = async (stream: ReadableStream) => {
    const bytes = await new Response(stream).bytes();
    // Of no bytes a response has no body.
    const body = new Response(bytes).body ?? new ReadableStream();
    given.push(body);
    return body;
  };
  const result = async (promise: unknown) => {
    const value = await promise;
    if (value instanceof ReadableStream) return bodyOf(value);
    if (!(value instanceof Object)) return value;
    if ("uploadPart" in value) return whole(value, given);
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
        if (property === "resumeMultipartUpload") return whole(call(args) as R2MultipartUpload, given);
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

/** The same object; its body is read only where it is asked for. */
async function objectOf(object: R2ObjectBody, bodyOf: (stream: ReadableStream) => Promise<ReadableStream>) {
  const body = await bodyOf(object.body);
  const answer = new Response(body);
  return new Proxy(object, {
    get(target, property) {
      if (property === "body") return body;
      const value: unknown = Reflect.get(property in answer && property !== "headers" ? answer : target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, property in answer ? answer : target, args);
    },
  });
}

/** Whether nobody has begun to read a body, or cancelled it. */
export function isUnread(body: ReadableStream): boolean {
  if (body.locked) return false;
  try {
    // Only of one that was never read can an answer be made; nothing else says so.
    return !new Response(body).bodyUsed;
  } catch {
    return false;
  }
}
