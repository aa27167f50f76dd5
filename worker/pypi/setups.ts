import { isLoopback } from "./host.ts";

/** How to configure one client for an index: each step says where it applies, and the command or text for it. */
export interface ClientSetup {
  readonly client: string;
  readonly steps: readonly { readonly where: string; readonly text: string }[];
}

const USER = "__token__";

/** A placeholder for the user's own token. */
const TOKEN = "TOKEN";

/**
 * The clients' set-ups for an index URL such as `https://host/simple/`. For plain http to another machine, each client needs an
 * option that allows it.
 *
 * @param isPrivate whether reading needs a token; steps for a project's own files never contain it
 */
export function clientSetups(index: string, isPrivate = false): ClientSetup[] {
  const { host, hostname } = new URL(index);
  const insecure = isInsecure(index);
  const when = (text: string) => (insecure ? text : "");
  const project = "for a project: pyproject.toml";
  const own = withToken(index, isPrivate);
  const tokenStep = (where: string, text: string) => (isPrivate ? [{ where, text }] : []);
  return [
    {
      client: "pip",
      steps: [
        {
          where: "for one command",
          text: `pip install --index-url ${own}${when(` --trusted-host ${hostname}`)} requests`,
        },
        {
          where: "for this machine",
          text: `pip config set global.index-url ${own}${when(`\npip config set global.trusted-host ${hostname}`)}`,
        },
      ],
    },
    {
      client: "uv",
      steps: [
        {
          where: "for one command",
          text: `uv pip install --default-index ${own}${when(` --allow-insecure-host ${host}`)} requests`,
        },
        {
          where: project,
          text: `${when(`[tool.uv]\nallow-insecure-host = ["${host}"]\n\n`)}[[tool.uv.index]]\nname = "pypi-edge"\nurl = "${index}"\ndefault = true`,
        },
        ...tokenStep(
          "the project's token, in the environment",
          `export UV_INDEX_PYPI_EDGE_USERNAME=${USER} UV_INDEX_PYPI_EDGE_PASSWORD=${TOKEN}`,
        ),
      ],
    },
    {
      client: "poetry",
      steps: [
        { where: "for a project: a command", text: `poetry source add --priority=primary pypi-edge ${index}` },
        { where: project, text: `[[tool.poetry.source]]\nname = "pypi-edge"\nurl = "${index}"\npriority = "primary"` },
        ...tokenStep("the token, for this machine", `poetry config http-basic.pypi-edge ${USER} ${TOKEN}`),
      ],
    },
    {
      client: "pdm",
      steps: [
        {
          where: "for this machine",
          text: `pdm config pypi.url ${own}${when("\npdm config pypi.verify_ssl false")}`,
        },
        {
          where: project,
          text: `[[tool.pdm.source]]\nname = "pypi"\nurl = "${index}"\nverify_ssl = ${String(!insecure)}`,
        },
        ...tokenStep(
          "the project's token, for this machine",
          `pdm config pypi.username ${USER}\npdm config pypi.password ${TOKEN}`,
        ),
      ],
    },
  ];
}

/**
 * How each client installs from an index, in one command or two. None of them names a second index: which of two a name comes from
 * is not for the client to guess.
 *
 * @param requirement such as `demo` or `demo==1.0`
 * @param token the one that the commands contain where reading needs one
 */
export function installSetups(index: string, isPrivate: boolean, requirement: string, token = TOKEN): ClientSetup[] {
  const { host, hostname } = new URL(index);
  const when = (text: string) => (isInsecure(index) ? text : "");
  const own = withToken(index, isPrivate, token);
  const login = isPrivate ? `poetry config http-basic.pypi-edge ${USER} ${token}\n` : "";
  const commands = {
    pip: `pip install --index-url ${own}${when(` --trusted-host ${hostname}`)} ${requirement}`,
    uv: `uv pip install --default-index ${own}${when(` --allow-insecure-host ${host}`)} ${requirement}`,
    poetry: `poetry source add --priority=primary pypi-edge ${index}\n${login}poetry add --source pypi-edge ${requirement}`,
    pdm: `pdm config pypi.url ${own}${when("\npdm config pypi.verify_ssl false")}\npdm add ${requirement}`,
  };
  return Object.entries(commands).map(([client, text]) => ({ client, steps: [{ where: "to install it", text }] }));
}

/** The index's URL with a token, where reading needs one. */
const withToken = (index: string, isPrivate: boolean, token = TOKEN) =>
  isPrivate ? index.replace("://", `://${USER}:${token}@`) : index;

/**
 * How clients publish to an index that accepts uploads at `url`, such as `https://host/team/legacy/`.
 *
 * @param token the one that the commands contain
 */
export function publishSetup(url: string, token = TOKEN): ClientSetup {
  const consent = isInsecure(url) ? ` --allow-insecure-host ${new URL(url).host}` : "";
  return {
    client: "publish",
    steps: [
      { where: "with uv", text: `uv publish --publish-url ${url} --token ${token}${consent} dist/*` },
      { where: "with twine", text: `twine upload --repository-url ${url} -u ${USER} -p ${token} dist/*` },
    ],
  };
}

/**
 * The commands of pypi-edge for an index that accepts uploads.
 *
 * @param root the server's URL; ends in a slash
 */
export const adminSetup = (index: string, root: string): ClientSetup => ({
  client: "pypi-edge",
  steps: [
    {
      where: "create a token for another person, as the admin",
      text: `npx pypi-edge token create --index ${index} --scope read,upload --url ${root}`,
    },
    {
      where: "upload files of any size, with such a token in PYPI_EDGE_TOKEN",
      text: `npx pypi-edge upload dist --index ${index} --url ${root}`,
    },
  ],
});

/** Whether a URL is plain http to another machine. */
function isInsecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
