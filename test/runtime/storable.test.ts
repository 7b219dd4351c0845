import { expect } from "chai";
import { describe, it } from "mocha";
import { redactRawText } from "../../runtime/redact.ts";
import { storableBytes, storableData, storableId, tooDeep } from "../../runtime/storable.ts";

describe("text that PostgreSQL stores", () => {
  it("keeps UTF-8 as it is and spells NUL as JSON does", () => {
    expect(storableBytes(Buffer.from("größe\0"))).to.equal("größe\\u0000");
  });

  it("shows bytes that are no text one by one", () => {
    expect(storableBytes(Buffer.from([0x41, 0xff, 0x00]))).to.equal("A\\xff\\x00");
  });

  it("shortens long ids to different ones", () => {
    const [one, other] = ["a", "b"].map((end) => storableId("x".repeat(5_000) + end));

    expect(one).to.have.lengthOf.below(400).and.not.equal(other);
    expect(storableId("repeat:x:1")).to.equal("repeat:x:1");
  });

  it("cuts data that is nested too deep and keeps the rest", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 100_000; level += 1) deep = [deep];

    const stored = storableData({ deep, flat: 1 });

    expect(stored).to.include({ flat: 1 });
    expect(JSON.stringify(stored)).to.include(tooDeep).and.not.include("bottom");
  });
});

describe("raw text without its secrets", () => {
  for (const [text, expected] of [
    ['{"password":"hun\\"ter2","userId":1', '{"password":[redacted],"userId":1'],
    ["{'api_token': 'abc', 'userId': 1}", "{'api_token': [redacted], 'userId': 1}"],
    ["user=1&secret_key=abc&x=2", "user=1&secret_key=[redacted]&x=2"],
    ["Authorization: Bearer abc", "Authorization: [redacted]"],
    ['"credentialId": 7', '"credentialId": 7'],
    ["AKIAIOSFODNN7EXAMPLE", "[redacted]"],
  ] as const) {
    it(`of ${text}`, () => {
      expect(redactRawText(text)).to.equal(expected);
    });
  }

  it("takes no longer for text that is made to be slow", () => {
    const before = process.cpuUsage();

    redactRawText("key".repeat(5_000) + "=".repeat(1_000) + "token-".repeat(3_000));

    expect(process.cpuUsage(before).user).to.be.below(1_000_000);
  });
});
