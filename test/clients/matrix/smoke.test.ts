import { smoke } from "../smoke.ts";

// Those that test/clients has in more than this.
smoke(["pip-older", "pip", "uv-pip", "poetry", "pdm", "pipenv", "bandersnatch"]);
