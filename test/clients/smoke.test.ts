import { smoke } from "./smoke.ts";

// Those that no other test here has: test/clients/matrix has all of them, in every situation.
smoke(["pip-oldest", "pip-download", "uv-project", "hatch"]);
