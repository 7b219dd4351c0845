import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/**
 * Runs TypeScript as a program of its own, with the repository as its folder, and returns what it printed. For what
 * depends on the process: its time zone, a second connection pool. Throws with its standard error when it fails.
 */
export async function runScript(source: string, env: Record<string, string> = {}): Promise<string> {
  const args = ["--import", "tsx", "--input-type=module", "--eval", source];
  const { stdout } = await run(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: 50_000,
  });
  return stdout;
}
