import { expect } from "chai";
import { describe, it } from "mocha";
import { isSameState, parseState } from "../../terraform/state.ts";

const text = `{
  "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "d83ac553",
  "outputs": { "id": { "value": 9007199254740993, "type": "number" },
               "key": { "value": "hidden", "type": "string", "sensitive": true } },
  "resources": [
    { "mode": "managed", "type": "aws_vpc", "instances": [{}, {}] },
    { "mode": "data", "type": "aws_ami", "instances": [{}] }
  ],
  "check_results": null
}`;

describe("parseState", () => {
  it("reads version, outputs and the count of what terraform manages", () => {
    const state = parseState(Buffer.from(text));

    expect(state).to.include({ serial: 7, lineage: "d83ac553", managedInstances: 2 });
    expect(state?.outputs["key"]).to.deep.equal({ value: "hidden", sensitive: true });
    expect(state?.outputs["id"]?.sensitive).to.equal(false);
  });

  it("keeps the exact bytes, integers above 2^53 included", () => {
    const bytes = Buffer.from(text);

    expect(parseState(bytes)?.bytes).to.equal(bytes);
  });

  it("finds no state in torn or empty bytes, however much is missing", () => {
    const bytes = Buffer.from(text);

    for (let length = 0; length < bytes.length; length += 1) {
      expect(parseState(bytes.subarray(0, length)), `${length} bytes`).to.equal(null);
    }
  });

  it("finds no state in other formats", () => {
    expect(parseState(Buffer.from('{"version":3,"serial":1,"lineage":"x"}'))).to.equal(null);
    expect(parseState(Buffer.from("[]"))).to.equal(null);
  });
});

describe("isSameState", () => {
  it("wants the serial and the lineage to agree", () => {
    const state = { serial: 1, lineage: "a" };

    expect(isSameState(state, { serial: 1, lineage: "a" })).to.equal(true);
    expect(isSameState(state, { serial: 2, lineage: "a" })).to.equal(false);
    expect(isSameState(state, { serial: 1, lineage: "b" })).to.equal(false);
    expect(isSameState(null, null)).to.equal(false);
  });
});
