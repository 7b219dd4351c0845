import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type { Readiness } from "./readiness.ts";

/** What a process tells orchestrators about itself. */
export interface Health {
  readiness: Readiness;
  registry: Registry;
}

export interface HealthAnswer {
  status: number;
  contentType: string;
  body: string;
}

/** The answer to a path, or null for one that is not about health. */
export async function answerHealth(
  path: string,
  { readiness, registry }: Health,
): Promise<HealthAnswer | null> {
  // That the event loop gets here is what makes the process alive; a dead database is no reason to restart it.
  if (path === "/livez") return json(200, { status: "alive" });
  if (path === "/readyz") {
    const { ready, checks } = await readiness.report();
    return json(ready ? 200 : 503, { status: ready ? "ready" : "not ready", checks });
  }
  if (path === "/metrics") {
    const body = await registry.metrics();
    return { status: 200, contentType: registry.contentType, body };
  }
  return null;
}

function json(status: number, value: unknown): HealthAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: JSON.stringify(value) };
}

/** Where a server listens; port 0 is any free one. */
export interface Address {
  host: string;
  port: number;
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:3000`. */
  url: string;
  /** Stops listening and resolves when open requests are answered or have had their time. */
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/readyz` and `/metrics` without a login, for an address that only the orchestrator reaches.
 * Throws the system's error when the address cannot be listened on.
 */
export async function startHealthServer(address: Address, health: Health): Promise<RunningServer> {
  const server = createServer((request, response) => {
    respond(request, response, health).catch(() => response.destroy());
  });
  return listen(server, address);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const isRead = request.method === "GET" || request.method === "HEAD";
  const answer = isRead ? await answerHealth(path, health) : null;
  const { status, contentType, body } = answer ?? json(404, { error: "not found" });
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** How long requests that are being answered may take when the process ends. */
const closeGraceMs = 2_000;

/** Listens and returns when the server can be reached. Throws the system's error, such as EADDRINUSE. */
export async function listen(server: Server, { host, port }: Address): Promise<RunningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const close = async (): Promise<void> => {
    const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    clearTimeout(cut);
  };
  return { url: urlOf(server.address()), close };
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
