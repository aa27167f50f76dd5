import { verifyRepeatedly, type Repeated } from "./repeat.ts";

/** Verifies in workerd what it is sent. */
export default {
  async fetch(request: Request): Promise<Response> {
    verifyRepeatedly(await request.json<Repeated>());
    return new Response("verified");
  },
};
