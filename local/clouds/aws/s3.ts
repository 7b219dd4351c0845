import { AwsFailure } from "./failure.ts";
import { cutPage } from "./paging.ts";
import {
  type AwsCall,
  type AwsContext,
  type AwsService,
  numberOf,
  pageSizeOf,
  textOf,
} from "./service.ts";
import { toXml } from "./xml.ts";

/** S3: REST with XML answers; only the list of buckets. */
export const s3: AwsService = {
  contentType: "application/xml",
  read(request) {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://s3");
    const parameters = new Map<string, unknown>(searchParams);
    return {
      action: request.method === "GET" && pathname === "/" ? "ListBuckets" : "Unknown",
      token: textOf(parameters, "continuation-token"),
      pageSize: numberOf(parameters, "max-buckets"),
      parameters,
    };
  },
  answer(call, context) {
    if (call.action !== "ListBuckets") {
      throw new AwsFailure(...s3.errors.unknownAction, "Only buckets can be listed");
    }
    return listBuckets(call, context);
  },
  failure({ code, message }, accessKey) {
    // S3 really names the key.
    const AWSAccessKeyId = accessKey;
    const RequestId = "SIMULATED";
    return toXml({ Error: { Code: code, Message: message, AWSAccessKeyId, RequestId } });
  },
  errors: {
    unknownKey: [403, "InvalidAccessKeyId"],
    wrongSecret: [403, "SignatureDoesNotMatch"],
    denied: [403, "AccessDenied"],
    throttled: [503, "SlowDown"],
    unknownAction: [405, "MethodNotAllowed"],
  },
};

/** The region of a bucket is only told if the request carries a parameter. */
function listBuckets(call: AwsCall, context: AwsContext): string {
  const isPaged = call.pageSize !== undefined;
  const size = pageSizeOf(call, context, 10_000);
  const { items, next } = cutPage(context.account.buckets, size, call.token, context.effect);
  const Bucket = items.map(({ Name, CreationDate, BucketRegion }) => ({
    Name,
    CreationDate: new Date(CreationDate ?? 0).toISOString(),
    ...(isPaged && BucketRegion !== undefined ? { BucketRegion } : {}),
  }));
  return toXml({
    ListAllMyBucketsResult: {
      "@_xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
      Owner: { ID: "simulated" },
      Buckets: { Bucket },
      ...(next === undefined ? {} : { ContinuationToken: next }),
    },
  });
}
