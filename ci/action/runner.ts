import { appendFileSync } from "node:fs";

/** Set by GitHub's runner: https://docs.github.com/actions/reference/workflow-commands-for-github-actions. */
type RunnerFile = "GITHUB_ENV" | "GITHUB_OUTPUT" | "GITHUB_STATE" | "GITHUB_STEP_SUMMARY";

/** An input of the action; empty where it is not given. */
export const input = (name: string): string => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();

/** Whether an input is switched on. Throws a sentence where it is neither `true` nor `false`. */
export function isOn(name: string): boolean {
  const value = input(name);
  if (value === "true" || value === "false") return value === "true";
  throw new Error(`${name} is ${JSON.stringify(value)}; it is true or false.`);
}

/** A variable of the environment; empty where it is not set. */
export const variable = (name: string): string => process.env[name] ?? "";

/** Sets a variable of all later steps. */
export const exportVariable = (name: string, value: string): void => writeValue("GITHUB_ENV", name, value);

/** Sets an output of the action. */
export const setOutput = (name: string, value: string): void => writeValue("GITHUB_OUTPUT", name, value);

/** Keeps a value for the end of the job. */
export const keep = (name: string, value: string): void => writeValue("GITHUB_STATE", name, value);

/** What was kept under this name when the job began; empty where nothing was. */
export const kept = (name: string): string => variable(`STATE_${name}`);

/** Adds text in Markdown to the summary of the job. */
export const summarize = (markdown: string): void => append("GITHUB_STEP_SUMMARY", `${markdown}\n`);

/** Has the runner replace a secret in all that the job prints. */
export const mask = (secret: string): void => say(`::add-mask::${secret}`);

/** Prints a line that the runner shows at the job. */
export const annotate = (kind: "error" | "warning" | "notice", sentence: string): void =>
  say(`::${kind} title=pypi-edge::${sentence.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}`);

export const say = (line: string): void => console.log(line);

function writeValue(file: RunnerFile, name: string, value: string): void {
  // A line that is in no value: text of a server must not set other variables.
  const end = `end-${crypto.randomUUID()}`;
  append(file, `${name}<<${end}\n${value}\n${end}\n`);
}

function append(file: RunnerFile, text: string): void {
  const path = variable(file);
  if (path !== "") appendFileSync(path, text);
}

/** Runs the action, or its end; a failure is shown at the job, and fails it. */
export async function runAction(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    annotate("error", error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
