import type { Answer } from "./answer.ts";
import type { GcpProject } from "./state.ts";

/** Numbers of google.cloud.resourcemanager.v3.Project.State, sent when the client asks for `enum-encoding=int`. */
const stateNumbers = { ACTIVE: 1, DELETE_REQUESTED: 2 } as const;

/** Resource Manager v3 `projects.get`. */
export function describeProject(project: GcpProject, hasNumericEnums: boolean): Answer {
  return {
    status: 200,
    body: {
      name: `projects/${project.projectNumber}`,
      projectId: project.projectId,
      displayName: project.displayName,
      state: hasNumericEnums ? stateNumbers[project.state] : project.state,
      createTime: "2024-04-01T12:34:56.123456Z",
      etag: "abcdef0123A=",
    },
  };
}
