import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { type Config, ConfigError } from "../runtime/config.ts";

/** A viewer sees queues and jobs; an operator may also retry, remove, pause and edit them. */
export type Role = "viewer" | "operator";

/** Somebody who may use the api, by the name that the operator gave him or her. */
export interface Visitor {
  role: Role;
  name: string;
}

export interface Logins {
  /** Nobody has to sign in, and nobody can be an operator. */
  readonly isOpen: boolean;
  /** Who the `Authorization` header (HTTP Basic) belongs to, or null. Takes as long for a nearly right password as for any. */
  identify(authorization: string | undefined): Visitor | null;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host name or address means this machine only. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return loopback.check(host, "ipv4");
  if (isIPv6(host)) return loopback.check(host, "ipv6");
  return host === "localhost";
}

/** The configured logins. Throws ConfigError if there is none although others than this machine could connect. */
export function readLogins(config: Config): Logins {
  const configured = [
    { role: "operator", login: config.API_OPERATOR_LOGIN } as const,
    { role: "viewer", login: config.API_VIEWER_LOGIN } as const,
  ];
  // Digests have one length whatever is compared; the key keeps them from being computed elsewhere.
  const key = randomBytes(32);
  const digest = (login: string) => createHmac("sha256", key).update(login).digest();
  const known = configured.flatMap(({ role, login }) =>
    login ? [{ role, name: login.split(":", 1)[0] ?? "", digest: digest(login) }] : [],
  );
  if (known.length === 0 && !isLoopback(config.API_HOST)) {
    throw new ConfigError([
      `API_HOST is ${config.API_HOST}, which others can reach, and there is no login: set API_VIEWER_LOGIN or ` +
        `API_OPERATOR_LOGIN to name:password, or API_HOST to 127.0.0.1`,
    ]);
  }
  const identify = (authorization: string | undefined): Visitor | null => {
    const encoded = /^Basic +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (encoded === undefined) return null;
    const given = digest(Buffer.from(encoded, "base64").toString("utf8"));
    const [found] = known.filter((login) => timingSafeEqual(login.digest, given));
    return found ? { role: found.role, name: found.name } : null;
  };
  return { isOpen: known.length === 0, identify };
}
