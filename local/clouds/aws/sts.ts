import { AwsFailure } from "./failure.ts";
import { type AwsService, readForm, textOf } from "./service.ts";
import { toXml } from "./xml.ts";

const xmlns = "https://sts.amazonaws.com/doc/2011-06-15/";

/** STS: the query protocol with XML answers. */
export const sts: AwsService = {
  contentType: "text/xml",
  read(_request, body) {
    const parameters = readForm(body);
    const action = textOf(parameters, "Action") ?? "";
    return { action, token: undefined, pageSize: undefined, parameters };
  },
  answer(call, { account }) {
    if (call.action !== "GetCallerIdentity") {
      throw new AwsFailure(...sts.errors.unknownAction, "No such action");
    }
    const Account = account.accountId;
    return toXml({
      GetCallerIdentityResponse: {
        "@_xmlns": xmlns,
        GetCallerIdentityResult: {
          Arn: `arn:aws:iam::${Account}:user/inventory-reader`,
          UserId: "AIDASIMULATED",
          Account,
        },
        ResponseMetadata: { RequestId: "00000000-simulated" },
      },
    });
  },
  failure({ code, message }) {
    return toXml({
      ErrorResponse: {
        "@_xmlns": xmlns,
        Error: { Type: "Sender", Code: code, Message: message },
        RequestId: "00000000-simulated",
      },
    });
  },
  errors: {
    unknownKey: [403, "InvalidClientTokenId"],
    wrongSecret: [403, "SignatureDoesNotMatch"],
    denied: [403, "AccessDenied"],
    throttled: [400, "Throttling"],
    unknownAction: [400, "InvalidAction"],
  },
};
