import { expect } from "chai";
import { describe, it } from "mocha";
import { parseMessage } from "../../terraform/parse-message.ts";
import { createRedactor } from "../../terraform/redact.ts";

const resource =
  '"resource":{"addr":"aws_vpc.this","module":"","resource":"aws_vpc.this","implied_provider":"aws","resource_type":"aws_vpc","resource_name":"this","resource_key":null}';

function parse(line: string) {
  return parseMessage(line, (value) => value);
}

describe("parseMessage", () => {
  it("reads a planned change", () => {
    const line = `{"@level":"info","change":{${resource},"action":"replace","reason":"cannot_update"},"type":"planned_change"}`;

    expect(parse(line)).to.deep.equal({
      type: "planned_change",
      change: { resource: { address: "aws_vpc.this", type: "aws_vpc" }, action: "replace" },
    });
  });

  it("reads the id of a created resource", () => {
    const line = `{"hook":{${resource},"action":"create","id_key":"id","id_value":"vpc-1","elapsed_seconds":3},"type":"apply_complete"}`;

    expect(parse(line)).to.deep.equal({
      type: "apply_complete",
      hook: {
        address: "aws_vpc.this",
        type: "aws_vpc",
        action: "create",
        id: "vpc-1",
        elapsedSeconds: 3,
      },
    });
  });

  it("reads a summary of changes", () => {
    const line =
      '{"changes":{"add":3,"change":0,"import":0,"remove":1,"operation":"apply"},"type":"change_summary"}';

    expect(parse(line)).to.deep.equal({
      type: "change_summary",
      changes: { operation: "apply", counts: { add: 3, change: 0, remove: 1, import: 0 } },
    });
  });

  it("reads a diagnostic with its address and place", () => {
    const line =
      '{"@level":"error","diagnostic":{"severity":"error","summary":"quota","detail":"more","address":"aws_vpc.this","range":{"filename":"main.tf","start":{"line":2,"column":1,"byte":9},"end":{"line":2,"column":3,"byte":11}}},"type":"diagnostic"}';

    expect(parse(line)).to.deep.equal({
      type: "diagnostic",
      diagnostic: {
        severity: "error",
        summary: "quota",
        detail: "more",
        address: "aws_vpc.this",
        range: { filename: "main.tf", start: { line: 2, column: 1 } },
      },
    });
  });

  it("keeps messages of unknown types as their text", () => {
    const line = '{"@message":"Initializing the backend...","type":"init_output"}';

    expect(parse(line)).to.deep.equal({ type: "text", text: "Initializing the backend..." });
  });

  it("keeps plain lines as text without colours", () => {
    expect(parse("\u001B[0m\u001B[32m")).to.deep.equal({ type: "text", text: "" });
    expect(parse("Error: broken {")).to.deep.equal({ type: "text", text: "Error: broken {" });
    expect(parse("17")).to.deep.equal({ type: "text", text: "17" });
  });

  it("redacts before anything else sees the text", () => {
    const line =
      '{"diagnostic":{"severity":"error","summary":"key SECRET","detail":""},"type":"diagnostic"}';
    const message = parseMessage(line, (value) => createRedactor(["SECRET"]).value(value));

    expect(message).to.have.nested.property("diagnostic.summary", "key [redacted]");
  });
});
