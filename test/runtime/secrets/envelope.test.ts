import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  envelopeKeyId,
  openEnvelope,
  type SecretPlace,
  sealEnvelope,
} from "../../../runtime/secrets/envelope.ts";
import {
  MalformedSecretError,
  SecretError,
  TamperedSecretError,
  UnknownKeyError,
} from "../../../runtime/secrets/errors.ts";
import { parseKeyRing } from "../../../runtime/secrets/key-ring.ts";

const keyOf = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const ring = parseKeyRing(`new:${keyOf(1)},old:${keyOf(2)}`);
const place: SecretPlace = { table: "credentials", id: 7, column: "secret_key" };
const clearText = fc.string({ unit: "grapheme", maxLength: 300 });
const character = fc.stringMatching(/^[A-Za-z0-9_.=+/ -]$/);

/** The error of opening; fails when anything at all is returned. */
function refusal(text: string, keyRing = ring, where = place): SecretError {
  try {
    openEnvelope(text, keyRing, where);
  } catch (error) {
    if (error instanceof SecretError) return error;
    throw error;
  }
  throw new Error("it opened");
}

describe("envelope", () => {
  it("opens what an independent implementation of the format sealed", () => {
    // Made with Python's cryptography: AESGCM(bytes([1]) * 32).encrypt(bytes(12), b"hello", b"credentials/7/secret_key")
    const text = "v1.new.AAAAAAAAAAAAAAAA.11D0sBof7Y19YdexvlKetUE1z9sH";

    expect(openEnvelope(text, ring, place)).to.equal("hello");
  });

  it("gives back every text, sealed as v1, key id, 12-byte nonce, ciphertext with tag", () => {
    fc.assert(
      fc.property(clearText, (clear) => {
        const text = sealEnvelope(clear, ring, place);

        expect(text).to.match(/^v1\.new\.[\w-]{16}\.[\w-]{22,}$/);
        expect(openEnvelope(text, ring, place)).to.equal(clear);
      }),
    );
  });

  it("never seals the same text alike", () => {
    const texts = Array.from({ length: 50 }, () => sealEnvelope("same", ring, place));

    expect(new Set(texts)).to.have.length(50);
  });

  it("refuses a text with any one character changed", () => {
    const nat = fc.nat();
    fc.assert(
      fc.property(clearText, nat, character, (clear, position, changed) => {
        const text = sealEnvelope(clear, ring, place);
        const index = position % text.length;
        fc.pre(text[index] !== changed);

        refusal(`${text.slice(0, index)}${changed}${text.slice(index + 1)}`);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a text cut short or continued", () => {
    fc.assert(
      fc.property(clearText, fc.nat(), character, (clear, length, more) => {
        const text = sealEnvelope(clear, ring, place);

        refusal(text.slice(0, length % text.length));
        refusal(text + more);
      }),
    );
  });

  it("refuses a secret that was moved to another row, column or table", () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/);
    const otherPlace = fc.record({ table: name, id: fc.nat(), column: name });
    fc.assert(
      fc.property(clearText, otherPlace, otherPlace, (clear, from, to) => {
        fc.pre(from.table !== to.table || from.id !== to.id || from.column !== to.column);
        const text = sealEnvelope(clear, ring, from);

        expect(refusal(text, ring, to)).to.be.instanceOf(TamperedSecretError);
      }),
    );
  });

  it("opens with an older key of the ring", () => {
    const text = sealEnvelope("kept", parseKeyRing(`old:${keyOf(2)}`), place);

    expect(envelopeKeyId(text)).to.equal("old");
    expect(openEnvelope(text, ring, place)).to.equal("kept");
  });

  it("names the missing key when its id is unknown, and blames the operator", () => {
    const text = sealEnvelope("lost", parseKeyRing(`gone:${keyOf(3)}`), place);
    const error = refusal(text);

    expect(error).to.be.instanceOf(UnknownKeyError);
    expect(error).to.include({ code: "UNKNOWN_KEY", fault: "operator" });
    expect(error.message).to.equal('key "gone" is not configured');
  });

  it("refuses another key under the same id", () => {
    const text = sealEnvelope("lost", parseKeyRing(`new:${keyOf(9)}`), place);

    expect(refusal(text)).to.be.instanceOf(TamperedSecretError);
  });

  it("calls something else malformed, and repeats neither it nor a key in any error", () => {
    const clear = "wJalrXUtnFEMI/K7MDENG";
    const texts = [
      `v1.new.${clear}`,
      `v1.${clear}`,
      `v1.new.AAAA.${"A".repeat(40)}`,
      "v1...",
      "v1.",
    ];
    for (const text of texts) {
      const error = refusal(text);

      expect(error).to.be.instanceOf(MalformedSecretError);
      expect(JSON.stringify(error) + error.stack).to.not.include(clear);
    }
  });
});
