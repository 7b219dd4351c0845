import type { Identity } from "../provider.ts";
import { callGoogle } from "./call.ts";
import type { GcpConnection } from "./connection.ts";
import { googleError } from "./errors.ts";

export const getProjectOperation = "cloudresourcemanager:projects.get";

/** A project as Resource Manager describes it. */
export interface Project {
  identity: Identity;
  /** `ACTIVE` or `DELETE_REQUESTED`. */
  state: string;
}

/** Asks Resource Manager for a project. Throws ProviderError, or `signal.reason` when aborted. */
export async function getProject(
  connection: GcpConnection,
  projectId: string,
  options: { signal: AbortSignal; attempts?: number },
): Promise<Project> {
  const client = await connection.projectsClient();
  const [project] = await callGoogle(
    () => client.getProject({ name: `projects/${projectId}` }, { retry: null }),
    { operation: getProjectOperation, limits: connection.limits, ...options },
  );
  if (!project.projectId) throw googleError("PROVIDER_UNAVAILABLE", getProjectOperation);
  return {
    identity: {
      accountId: project.projectId,
      displayName: project.displayName || null,
    },
    state: String(project.state),
  };
}
