import { once } from "node:events";
import { createServer, type Server } from "node:http";
import express, { type Express, type Response } from "express";
import { controlRouter } from "../control.ts";
import { FaultScript, type RecordedCall } from "../faults.ts";
import type { Answer } from "./answer.ts";
import { answerApiCall } from "./api.ts";
import {
  type GcpProject,
  type GcpState,
  keyFileOf,
  makeServiceAccount,
  type ServiceAccount,
} from "./state.ts";
import { answerTokenCall } from "./token-call.ts";

export interface GcpOptions {
  projects?: GcpProject[];
  /** Port to listen on; any free one if absent. */
  port?: number;
}

/** A Google Cloud on loopback: Resource Manager v3, Compute v1, Storage JSON v1 and the token exchange on one origin. */
export interface SimulatedGcp {
  /** Origin for every API (`endpoints.gcp.api`). */
  url: string;
  /** Where assertions are exchanged for tokens (`endpoints.gcp.token`). */
  tokenUrl: string;
  /** Projects, accounts, tokens: change them at will, the next call sees it. */
  state: GcpState;
  faults: FaultScript;
  /** Every call so far, oldest first. */
  calls: RecordedCall[];
  addProject(project: GcpProject): void;
  /** Makes an account with a new key that may read those projects; all that exist now if absent. */
  addServiceAccount(email: string, projects?: string[]): Promise<ServiceAccount>;
  /** The key file of an account; `projectId` is its `project_id`. Throws RangeError for an unknown account. */
  serviceAccountJson(email: string, projectId: string): string;
  /** Stops listening and cuts all connections, hanging ones too. */
  close(): Promise<void>;
}

/** Starts a simulated Google Cloud on 127.0.0.1. */
export async function startGcp(options: GcpOptions = {}): Promise<SimulatedGcp> {
  const state: GcpState = {
    projects: new Map(options.projects?.map((project) => [project.projectId, project])),
    serviceAccounts: new Map(),
    tokens: new Map(),
    clockAhead: 0,
  };
  const faults = new FaultScript();
  const server = createServer(application(state, faults));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${portOf(server)}`;
  return {
    url,
    tokenUrl: `${url}/token`,
    state,
    faults,
    calls: faults.calls,
    addProject: (project) => void state.projects.set(project.projectId, project),
    addServiceAccount: async (email, projects = [...state.projects.keys()]) => {
      const account = await makeServiceAccount(email, projects);
      state.serviceAccounts.set(email, account);
      return account;
    },
    serviceAccountJson: (email, projectId) => {
      const account = state.serviceAccounts.get(email);
      if (account === undefined) throw new RangeError(`No such service account: ${email}`);
      return keyFileOf(account, projectId);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function application(state: GcpState, faults: FaultScript): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use("/_simulation", controlRouter(faults));
  const readForm = express.urlencoded({ extended: false });
  app.post("/token", readForm, (request, response) =>
    send(response, answerTokenCall(state, faults, request.body, response)),
  );
  app.use((request, response) => send(response, answerApiCall(state, faults, request, response)));
  return app;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not listening on TCP");
  return address.port;
}

/** Null: the connection was broken or is left hanging. Express 5 answers 500 when the promise rejects. */
async function send(response: Response, pending: Promise<Answer | null>): Promise<void> {
  const answer = await pending;
  if (answer === null) return;
  response
    .status(answer.status)
    .set(answer.headers ?? {})
    .json(answer.body);
}
