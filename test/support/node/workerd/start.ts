import { serveCommand } from "../../../../cli/serve/options.ts";
import { serveInWorkerd } from "./serve.ts";

// Starts the worker in workerd with the options of `pypi-edge serve`, until a signal ends it: for tests of what Cloudflare
// would do.
await serveCommand(async (options) => {
  const { stop } = await serveInWorkerd(options);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // miniflare's own listeners would end the process before its runtime has stopped.
    process.removeAllListeners(signal);
    process.once(signal, () => void stop());
  }
  console.log(`ready at http://${options.host}:${options.port}/ in workerd. Ctrl-C stops it.`);
}).parseAsync();
