import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  KeyFormatError,
  MalformedSecretError,
  SecretError,
  TamperedSecretError,
  UnknownKeyError,
} from "../../../runtime/secrets/errors.ts";
import { openFernet, parseFernetKeys } from "../../../runtime/secrets/fernet.ts";

// Published with the Fernet specification: generate.json, verify.json and invalid.json.
const specKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const specToken =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const invalid = [
  [
    "an incorrect mac",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
    TamperedSecretError,
  ],
  [
    "too few bytes",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==",
    MalformedSecretError,
  ],
  [
    "invalid base64",
    "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
    MalformedSecretError,
  ],
  [
    "a payload that is no multiple of the block size",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
    MalformedSecretError,
  ],
  [
    "a payload padding error",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
    MalformedSecretError,
  ],
  [
    "an incorrect initialisation vector",
    "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
    MalformedSecretError,
  ],
] as const;
/** Tokens of an empty text that are valid but for their time, which does not matter for a stored credential. */
const timeOnly = [
  "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
  "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
];

/** Makes tokens as the specification says, so that reading is tested on more than a few published ones. */
function makeToken(clear: Buffer, key: Buffer): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", key.subarray(16), iv);
  const header = Buffer.alloc(9);
  header[0] = 0x80;
  header.writeBigUInt64BE(1_700_000_000n, 1);
  const signed = Buffer.concat([header, iv, cipher.update(clear), cipher.final()]);
  const mac = createHmac("sha256", key.subarray(0, 16)).update(signed).digest();
  const text = Buffer.concat([signed, mac]).toString("base64");
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

function refusal(token: string, keys: string): SecretError {
  try {
    openFernet(token, parseFernetKeys(keys));
  } catch (error) {
    if (error instanceof SecretError) return error;
    throw error;
  }
  throw new Error("it opened");
}

describe("openFernet", () => {
  it("opens the published token", () => {
    expect(openFernet(specToken, parseFernetKeys(specKey))).to.equal("hello");
  });

  for (const [what, token, errorClass] of invalid) {
    it(`refuses the published token with ${what}`, () => {
      expect(refusal(token, specKey)).to.be.instanceOf(errorClass);
    });
  }

  it("opens tokens of any age and time", () => {
    for (const token of timeOnly) {
      expect(openFernet(token, parseFernetKeys(specKey))).to.equal("");
    }
  });

  it("opens every text with any of several keys", () => {
    const keys = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const parsed = parseFernetKeys(keys.map((key) => key.toString("base64url")).join(", "));
    const anyKey = fc.constantFrom(...keys);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), anyKey, (clear, key) => {
        expect(openFernet(makeToken(Buffer.from(clear), key), parsed)).to.equal(clear);
      }),
    );
  });

  it("refuses a token with any one bit changed", () => {
    const key = randomBytes(32);
    const keys = key.toString("base64url");
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat({ max: 7 }), (clear, position, bit) => {
        const bytes = Buffer.from(makeToken(Buffer.from(clear), key), "base64url");
        const index = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);

        refusal(bytes.toString("base64url"), keys);
      }),
    );
  });

  it("says that the key is missing or the token was changed when no key fits", () => {
    const error = refusal(specToken, randomBytes(32).toString("base64url"));

    expect(error).to.be.instanceOf(TamperedSecretError);
    expect(error.message).to.include("no key of FERNET_KEYS made this token");
  });

  it("blames the operator when there are no Fernet keys at all", () => {
    expect(refusal(specToken, "")).to.be.instanceOf(UnknownKeyError).and.include({
      fault: "operator",
    });
  });

  it("returns nothing when the content is no UTF-8", () => {
    const key = randomBytes(32);
    const token = makeToken(Buffer.from([0x68, 0x69, 0xff]), key);

    expect(refusal(token, key.toString("base64url"))).to.be.instanceOf(MalformedSecretError);
  });
});

describe("parseFernetKeys", () => {
  it("names a bad entry by position and does not show it", () => {
    const bad = specKey.slice(0, -3);

    expect(() => parseFernetKeys(`${specKey},${bad}`))
      .to.throw(KeyFormatError, "FERNET_KEYS: entry 2 is not base64url of 32 bytes")
      .and.satisfy((error: Error) => !error.message.includes(bad));
  });
});
