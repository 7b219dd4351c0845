import type { HealthObservation } from "../provider.ts";
import { timed } from "../timed.ts";
import { callGoogle } from "./call.ts";
import type { GcpConnection } from "./connection.ts";
import { getProject } from "./project.ts";

/**
 * Mints a token, then reads the project, one attempt each. The connection must be a new one: a token it already held
 * would hide for an hour that the key was revoked.
 */
export async function checkHealth(
  connection: GcpConnection,
  projectId: string,
  signal: AbortSignal,
): Promise<HealthObservation> {
  const auth = await connection.authClient();
  const minting = { operation: "oauth2:token", signal, limits: connection.limits, attempts: 1 };
  await timed(() => callGoogle(() => auth.getAccessToken(), minting));
  // Loading and building the client is our time, not Google's.
  await (await connection.projectsClient()).initialize();
  const { answer: project, answerMs } = await timed(() =>
    getProject(connection, projectId, { signal, attempts: 1 }),
  );
  return {
    identity: project.identity,
    responseTimeMs: answerMs,
    // For 30 days the owner can still call the deletion off, and the key works: neither healthy nor broken.
    degraded: project.state === "ACTIVE" ? null : `The project is ${project.state}`,
  };
}
