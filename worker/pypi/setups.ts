import { isLoopback } from "./host.ts";

/** How one client is pointed at an index: each step says where it holds, and what to type or write there. */
export interface Setup {
  readonly client: string;
  readonly steps: readonly { readonly where: string; readonly text: string }[];
}

/** The clients' set-ups for an index URL such as `https://host/simple/`. Plain http off loopback needs each client's consent. */
export function setups(index: string): Setup[] {
  const { protocol, host, hostname } = new URL(index);
  const insecure = protocol === "http:" && !isLoopback(hostname);
  const when = (text: string) => (insecure ? text : "");
  const project = "for a project: pyproject.toml";
  return [
    {
      client: "pip",
      steps: [
        {
          where: "for one command",
          text: `pip install --index-url ${index}${when(` --trusted-host ${hostname}`)} requests`,
        },
        {
          where: "for this machine",
          text: `pip config set global.index-url ${index}${when(`\npip config set global.trusted-host ${hostname}`)}`,
        },
      ],
    },
    {
      client: "uv",
      steps: [
        {
          where: "for one command",
          text: `uv pip install --default-index ${index}${when(` --allow-insecure-host ${host}`)} requests`,
        },
        {
          where: project,
          text: `${when(`[tool.uv]\nallow-insecure-host = ["${host}"]\n\n`)}[[tool.uv.index]]\nname = "pypi-edge"\nurl = "${index}"\ndefault = true`,
        },
      ],
    },
    {
      client: "poetry",
      steps: [
        { where: "for a project: a command", text: `poetry source add --priority=primary pypi-edge ${index}` },
        { where: project, text: `[[tool.poetry.source]]\nname = "pypi-edge"\nurl = "${index}"\npriority = "primary"` },
      ],
    },
    {
      client: "pdm",
      steps: [
        {
          where: "for this machine",
          text: `pdm config pypi.url ${index}${when("\npdm config pypi.verify_ssl false")}`,
        },
        {
          where: project,
          text: `[[tool.pdm.source]]\nname = "pypi"\nurl = "${index}"\nverify_ssl = ${String(!insecure)}`,
        },
      ],
    },
  ];
}
