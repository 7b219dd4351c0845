import type { Request, Response } from "express";
import { breakConnection, type Effect, type FaultScript } from "../faults.ts";
import {
  type Answer,
  answerOf,
  billingDisabled,
  permissionDenied,
  problem,
  serviceDisabled,
  unauthenticated,
} from "./answer.ts";
import { aggregatedList, type Collection, collections, list } from "./compute.ts";
import { type PageQuery, pageNumber, readPageQuery } from "./paging.ts";
import { describeProject } from "./resource-manager.ts";
import type { GcpApi, GcpProject, GcpState } from "./state.ts";
import { listBuckets } from "./storage.ts";

/** A request understood: which method of which API, on which project. */
interface Method {
  api: GcpApi;
  /** `<service>:<method>`, as in `ProviderError.operation`. */
  operation: string;
  projectId: string;
  query: PageQuery;
  answer(project: GcpProject, effect: Effect | null): Answer;
}

/** Records and answers a call of an API; null if its connection was broken. */
export async function answerApiCall(
  state: GcpState,
  faults: FaultScript,
  request: Request,
  response: Response,
): Promise<Answer | null> {
  const method = methodOf(request);
  if (method === null) return problem(404, { message: "Not Found", reason: "notFound" });
  const principal = principalOf(state, request);
  const { operation } = method;
  const page = pageNumber(method.query);
  const effect = await faults.meet({ operation, region: null, principal, page });
  if (breakConnection(effect, response)) return null;
  if (principal === null) return unauthenticated;
  const scripted = answerOf(effect, method.api === "compute");
  return scripted ?? answerAllowed(state, principal, method, effect);
}

function answerAllowed(
  state: GcpState,
  principal: string,
  method: Method,
  effect: Effect | null,
): Answer {
  const project = state.projects.get(method.projectId);
  const isAllowed = state.serviceAccounts.get(principal)?.projects.has(method.projectId);
  if (project === undefined || !isAllowed) return permissionDenied;
  if (project.disabledApis.has(method.api)) {
    return serviceDisabled(method.api, project.projectNumber);
  }
  if (method.api === "compute" && !project.hasBilling) {
    return billingDisabled(project.projectNumber);
  }
  return method.answer(project, effect);
}

function principalOf(state: GcpState, request: Request): string | null {
  const token = /^Bearer (.+)$/.exec(request.get("authorization") ?? "")?.[1];
  return token === undefined ? null : (state.tokens.get(token) ?? null);
}

function methodOf(request: Request): Method | null {
  if (request.method !== "GET") return null;
  return projectMethod(request) ?? bucketMethod(request) ?? computeMethod(request);
}

function projectMethod({ path, originalUrl }: Request): Method | null {
  const projectId = /^\/v3\/projects\/([^/]+)$/.exec(path)?.[1];
  if (projectId === undefined) return null;
  const hasNumericEnums = decodeURIComponent(originalUrl).includes("enum-encoding=int");
  return {
    api: "cloudresourcemanager",
    operation: "cloudresourcemanager:projects.get",
    projectId,
    query: { pageToken: undefined, maxResults: 1 },
    answer: (project) => describeProject(project, hasNumericEnums),
  };
}

function bucketMethod(request: Request): Method | null {
  if (request.path !== "/storage/v1/b") return null;
  const { project: projectId } = request.query;
  if (typeof projectId !== "string") return null;
  const query = readPageQuery(request.query, 1000);
  return {
    api: "storage",
    operation: "storage:buckets.list",
    projectId,
    query,
    answer: (project, effect) => listBuckets(project, query, effect),
  };
}

function computeMethod(request: Request): Method | null {
  const match = /^\/compute\/v1\/projects\/([^/]+)\/(aggregated|global)\/(\w+)$/.exec(request.path);
  const [, projectId, kind, collection] = match ?? [];
  if (projectId === undefined || !isCollection(collection)) return null;
  const query = readPageQuery(request.query, 500);
  const isAggregated = kind === "aggregated";
  const mayBePartial = request.query["returnPartialSuccess"] === "true";
  return {
    api: "compute",
    operation: `compute:${collection}.${isAggregated ? "aggregatedList" : "list"}`,
    projectId,
    query,
    answer: (project, effect) => {
      const listing = { project, collection, query, effect };
      return isAggregated ? aggregatedList(listing, mayBePartial) : list(listing);
    },
  };
}

function isCollection(name: string | undefined): name is Collection {
  return name !== undefined && Object.hasOwn(collections, name);
}
