import { expect } from "chai";
import { describe, it } from "mocha";
import { retryAfterMs } from "../../../providers/azure/retry-after.ts";

describe("retryAfterMs", () => {
  for (const [headers, expected] of [
    [{}, undefined],
    [{ "retry-after": "17" }, 17_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-3" }, 0],
    [{ "retry-after": "Mon, 01 Jan 2001 00:00:00 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "x-ms-retry-after-ms": "1500", "retry-after": "9" }, 1_500],
  ] as const) {
    it(`reads ${JSON.stringify(headers)} as ${expected}`, () => {
      expect(retryAfterMs(new Map<string, string>(Object.entries(headers)))).to.equal(expected);
    });
  }

  it("reads a date to come as the time left", () => {
    const date = new Date(Date.now() + 60_000).toUTCString();

    expect(retryAfterMs(new Map([["retry-after", date]]))).to.be.within(57_000, 60_000);
  });
});
