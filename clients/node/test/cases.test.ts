// Cases that the Python and the Node.js package share: see also tests/client/test_cases.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";

import * as reader from "whatsapp-connect-reader";
import { Clock, PREFIX, lambda, makeReader, startAws } from "./aws.js";

type Json = Record<string, any>;

const FILE = new URL("../../../tests/client/cases.json", import.meta.url);
const CASES = JSON.parse(readFileSync(FILE, "utf8")) as Json;
const CONNECTION: string = CASES["connection_id"];
const aws = await startAws();

/** Return an object with the names of the stack, and times in UTC. */
function asJson(value: object): Json {
  const name = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const json = (one: unknown): unknown => {
    if (one instanceof Date) return one.toISOString().replace(".000Z", "Z");
    if (Array.isArray(one)) return one.map(json);
    return typeof one === "object" && one !== null ? asJson(one) : one;
  };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [name(key), json(one)]));
}

function camelCase(options: Json): Json {
  const name = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([key, one]) => [name(key), one]));
}

/** Check the type, the message and the attributes of an error; "other" is one that the package does not define. */
async function checkError(work: () => Promise<unknown>, { type, message, ...attributes }: Json): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    if (type === "other") return !(error.name in reader);
    assert.equal(error.constructor, (reader as Json)[type]);
    assert.equal(error.name, type);
    if (message !== undefined) assert.equal(error.message, message);
    const found = asJson(error);
    for (const [name, value] of Object.entries(attributes)) assert.deepEqual(found[name], value, name);
    assert.doesNotMatch(inspect(error), /s3cret/);
    return true;
  });
}

for (const one of CASES["pairs"] as Json[])
  test(`pair: ${one["name"]}`, async () => {
    for (const token of one["tokens"]) aws.putToken(token, CONNECTION);
    const metadata = { ...CASES["metadata"], ...one["changes"] };
    for (const name of one["without"] ?? []) delete metadata[name];
    if (one["metadata"] !== null)
      aws.parameters.set(`${PREFIX}/connections/${CONNECTION}/metadata`, [JSON.stringify(metadata)]);
    const clock = new Clock();
    const read = () => makeReader(clock).read(CONNECTION, { usable: one["usable"] });
    if (one["error"]) {
      await checkError(read, one["error"]);
    } else {
      const connection = await read();
      assert.equal(connection.accessToken, one["token"]);
      const expected = { ...CASES["metadata"], connection_id: CONNECTION, ...one["connection"] };
      assert.deepEqual(asJson(connection), expected);
    }
    assert.deepEqual(
      aws.reads,
      one["reads"].map((name: string) => `${CONNECTION}/${name}`),
    );
    assert.deepEqual(
      clock.pausesMs,
      (one["pauses_s"] ?? []).map((seconds: number) => seconds * 1000),
    );
  });

for (const { answer, refused } of CASES["answers"] as Json[])
  test(`answer: ${JSON.stringify(answer)}`, () => {
    if (!refused) return reader.raiseIfRefused(answer);
    assert.throws(
      () => reader.raiseIfRefused(answer),
      (error) => {
        assert.ok(error instanceof reader.TokenRefused);
        assert.deepEqual([error.code, error.subcode, error.message], refused);
        return true;
      },
    );
  });

test("proofs", () => {
  const { access_token: token, app_secret: secret, now, proof, timestamped_proof: timestamped } = CASES["proofs"];
  assert.deepEqual(reader.appSecretProof(token, secret), proof);
  assert.deepEqual(reader.timestampedAppSecretProof(token, secret, now * 1000), timestamped);
});

for (const one of CASES["links"] as Json[])
  test(`link: ${one["name"]}`, async () => {
    aws.answer = one["answer"];
    aws.functionError = one["function_error"] ?? "";
    const links = new reader.LinkCreator("create-link", { client: lambda() });
    const create = () => links.create(CONNECTION, camelCase(one["options"]));
    if (one["error"]) {
      await checkError(create, one["error"]);
    } else {
      const link = await create();
      assert.deepEqual({ url: link.url, ...asJson(link) }, one["link"]);
    }
    assert.deepEqual(
      aws.invocations.map(({ input }) => input),
      [{ connection_id: CONNECTION, ...one["sent"] }],
    );
  });
