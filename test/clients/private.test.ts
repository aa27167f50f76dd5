import { reads } from "./publishing/reading.ts";

// One way of each installer; test/clients/matrix has all of them.
reads(({ client, by }) => (client === "pip" && by === "the address") || (client === "uv-pip" && by.startsWith("UV_")));
