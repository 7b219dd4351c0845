import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "../runtime/log.ts";
import { isLoopback, type Logins, type Visitor } from "./logins.ts";

/** What every answer says to browsers: nothing from elsewhere, no frames, no guessing, no traces. */
export function secureHeaders(): RequestHandler {
  const policy = [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'", // bull-board styles elements one by one
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  return (_, response, next) => {
    response.set({
      "content-security-policy": policy,
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cache-control": "no-store",
    });
    next();
  };
}

/** The visitor that `signIn` let in. */
export function visitorOf(response: Response): Visitor {
  const visitor: Visitor = response.locals["visitor"];
  return visitor;
}

/** Lets those in who have a login, or everybody as a viewer where no login is configured (loopback only). */
export function signIn(logins: Logins, log: Logger): RequestHandler {
  return (request, response, next) => {
    // A page elsewhere whose name was made to point to 127.0.0.1 sends its own name.
    if (logins.isOpen && !isLoopback(request.hostname.replace(/^\[|\]$/g, ""))) {
      refuse(response, 403, "without a login, only requests to this machine by its own name");
      return;
    }
    const open: Visitor = { role: "viewer", name: "anonymous" };
    const authorization = request.get("authorization");
    const visitor = logins.isOpen ? open : logins.identify(authorization);
    if (visitor) {
      response.locals["visitor"] = visitor;
      next();
      return;
    }
    if (authorization !== undefined) {
      log.warn({ remote: request.socket.remoteAddress, path: request.path }, "login refused");
    }
    askForLogin(response);
  };
}

/** Makes a browser ask for name and password, also when it has sent some already. */
export function askForLogin(response: Response): void {
  response.set("www-authenticate", 'Basic realm="multicloud-workers", charset="UTF-8"');
  refuse(response, 401, "sign in");
}

/**
 * Only operators change anything, only from our own pages, and everything they do is logged with its outcome.
 * Programs that are no browsers send neither of the headers looked at, and hold no session that could be misused.
 */
export function guardChanges(log: Logger): RequestHandler {
  return (request, response, next) => {
    if (["GET", "HEAD", "OPTIONS"].includes(request.method)) {
      next();
      return;
    }
    const { role, name } = visitorOf(response);
    const action = { operator: name, method: request.method, path: request.originalUrl };
    if (role !== "operator") {
      log.warn({ ...action, operator: null, viewer: name }, "change refused: not an operator");
      refuse(response, 403, "only operators may change anything");
      return;
    }
    if (!isOwnPage(request)) {
      log.warn(action, "change refused: sent by another site");
      refuse(response, 403, "sent by another site");
      return;
    }
    response.on("close", () => {
      const status = response.writableFinished ? response.statusCode : null;
      log.info({ ...action, status, remote: request.socket.remoteAddress }, "operator action");
    });
    next();
  };
}

/** As Go's CrossOriginProtection decides it. */
function isOwnPage(request: Request): boolean {
  const site = request.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = request.get("origin");
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.get("host");
}

function refuse(response: Response, status: number, error: string): void {
  response.status(status).json({ error });
}
