import { execa } from "execa";

/** A Python that has the modules, or null. The first on the PATH may be one that packages of the system are not in. */
export async function findPython(modules: readonly string[]): Promise<string | null> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { exitCode } = await execa(python, ["-c", `import ${modules.join(", ")}`], {
      reject: false,
      timeout: 50_000,
    });
    if (exitCode === 0) return python;
  }
  return null;
}

/** Runs a program and returns the JSON document that it prints. Throws with its standard error when it fails. */
export async function runPython(python: string, program: string): Promise<unknown> {
  const { stdout } = await execa(python, ["-"], { input: program, timeout: 50_000 });
  return JSON.parse(stdout);
}
