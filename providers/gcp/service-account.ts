import { createPrivateKey } from "node:crypto";
import { ProviderError } from "../errors.ts";

/** The fields of a service-account key file that we use. */
export interface ServiceAccountKey {
  clientEmail: string;
  privateKey: string;
  privateKeyId: string | null;
  projectId: string | null;
}

/**
 * Reads the text of a service-account key file. Only `type: service_account` is accepted: the other file types that
 * Google's libraries know can name a token URL or a program to run, which a tenant must not choose.
 * Throws ProviderError `CREDENTIAL_INCOMPLETE` that names the field at fault and nothing of its content.
 */
export function parseServiceAccount(text: string): ServiceAccountKey {
  const file = parseObject(text);
  if (file["type"] !== "service_account") throw incompleteKey("type must be service_account");
  const privateKey = required(file, "private_key");
  const key = {
    clientEmail: required(file, "client_email"),
    privateKey,
    privateKeyId: optional(file, "private_key_id"),
    projectId: optional(file, "project_id"),
  };
  if (!isPrivateKey(privateKey)) throw incompleteKey("private_key is not a PEM private key");
  return key;
}

function parseObject(text: string): Record<string, unknown> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be key material.
    throw incompleteKey("not valid JSON");
  }
  if (typeof file !== "object" || file === null || Array.isArray(file)) {
    throw incompleteKey("not a JSON object");
  }
  return { ...file };
}

function required(file: Record<string, unknown>, field: string): string {
  const value = optional(file, field);
  if (value === null) throw incompleteKey(`${field} is missing`);
  return value;
}

function optional(file: Record<string, unknown>, field: string): string | null {
  const value = file[field];
  return typeof value === "string" && value !== "" ? value : null;
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

/** What is wrong with a key file; names fields and nothing of their content. */
export function incompleteKey(what: string): ProviderError {
  return new ProviderError("CREDENTIAL_INCOMPLETE", `Service-account key: ${what}`, {
    provider: "gcp",
    nativeCode: null,
    operation: "oauth2:token",
  });
}
