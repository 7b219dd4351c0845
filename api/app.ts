import express, { type ErrorRequestHandler, type Express } from "express";
import type { Queues } from "../queues/open-queues.ts";
import { answerHealth, type Health } from "../runtime/health-server.ts";
import type { Logger } from "../runtime/log.ts";
import { askForLogin, guardChanges, secureHeaders, signIn, visitorOf } from "./access.ts";
import type { CancelJobs } from "./board-queue.ts";
import { dashboard } from "./dashboard.ts";
import { type JobsServices, jobsRouter } from "./jobs.ts";
import type { Logins } from "./logins.ts";

export interface AppServices {
  queues: Queues;
  cancel: CancelJobs;
  jobs: JobsServices;
  health: Health;
  logins: Logins;
  log: Logger;
}

const dashboardPath = "/dashboard";

/** `/livez` and `/readyz` for everybody; the dashboard and `/metrics` behind the login. */
export function makeApp({ queues, cancel, jobs, health, logins, log }: AppServices): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(secureHeaders());
  app.get(["/livez", "/readyz"], healthAnswer(health));
  app.use(jobsRouter(jobs));
  app.use(signIn(logins, log), guardChanges(log));
  app.get("/metrics", healthAnswer(health));
  app.get("/operator", (_, response) => {
    if (visitorOf(response).role === "operator") response.redirect(dashboardPath);
    else askForLogin(response);
  });
  const boards = {
    viewer: dashboard(queues, cancel, dashboardPath, "viewer"),
    operator: dashboard(queues, cancel, dashboardPath, "operator"),
  };
  app.use(dashboardPath, (request, response, next) =>
    boards[visitorOf(response).role](request, response, next),
  );
  app.get("/", (_, response) => response.redirect(dashboardPath));
  app.use((_, response) => {
    response.status(404).json({ error: "not found" });
  });
  app.use(answerError(log));
  return app;
}

function healthAnswer(health: Health): express.RequestHandler {
  return async (request, response, next) => {
    const answer = await answerHealth(request.path, health);
    if (!answer) {
      next();
      return;
    }
    response.status(answer.status).set("content-type", answer.contentType).send(answer.body);
  };
}

/** Requests that express itself refuses (bad encoding, too large) carry their status; anything else is our fault. */
function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const status: unknown = error instanceof Error ? Reflect.get(error, "status") : undefined;
    const isRefusal = typeof status === "number" && status >= 400 && status < 500;
    if (!isRefusal) log.error({ err: error, path: request.path }, "request failed");
    if (response.headersSent) {
      next(error);
      return;
    }
    const text = isRefusal ? "bad request" : "failed";
    response.status(isRefusal ? status : 500).json({ error: text });
  };
}
