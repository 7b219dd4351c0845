import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The parts of an `Authorization` header of AWS Signature Version 4. */
export interface Signature {
  accessKey: string;
  /** `YYYYMMDD`. */
  day: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

const pattern =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Reads the header; undefined if the request is not signed in this way. */
export function readSignature(authorization: string | undefined): Signature | undefined {
  const match = pattern.exec(authorization ?? "");
  if (!match) return undefined;
  const [, accessKey = "", day = "", region = "", service = "", headers = "", signature = ""] =
    match;
  return { accessKey, day, region, service, signedHeaders: headers.split(";"), signature };
}

/** Whether the request was signed with this secret. Right for the path `/`, the only one that is served. */
export function isSignedWith(
  secretKey: string,
  { day, region, service, signedHeaders, signature }: Signature,
  request: IncomingMessage,
  body: Buffer,
): boolean {
  const scope = `${day}/${region}/${service}/aws4_request`;
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const canonical = [
    request.method,
    path,
    query.split("&").toSorted().join("&"),
    ...signedHeaders.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    "",
    signedHeaders.join(";"),
    request.headers["x-amz-content-sha256"] ?? sha256(body),
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join(
    "\n",
  );
  const key = [day, region, service, "aws4_request"].reduce(hmac, Buffer.from(`AWS4${secretKey}`));
  return hmac(key, text).toString("hex") === signature;
}

function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
