import { execa } from "execa";

/** Pids of all processes that descend from this one. */
export async function descendants(root: number): Promise<number[]> {
  const { stdout } = await execa("ps", ["-e", "-o", "pid=,ppid="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  // What is found is looked through in turn.
  for (const parent of found) {
    for (const [pid = 0, ppid = 0] of rows) if (ppid === parent) found.push(pid);
  }
  return found.slice(1);
}
