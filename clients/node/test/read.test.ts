// A connection that is read, waited for, cached and forgotten.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { inspect } from "node:util";

import { Connection, NotReady, NotUsable, PhoneNumberRequired, ReconnectRequired, TokenReader } from "whatsapp-connect-reader";
import { Clock, JONAS, MARIA, METADATA, PREFIX, makeReader, startAws } from "./aws.js";

const NUMBERS = ["41", "42"].map((id) => ({ id, display_phone_number: "+1 202-555-0100", verified_name: "Bakery" }));
const PAIR = [`${MARIA}/metadata`, `${MARIA}/access-token:1`];
const nothing = (): void => undefined;

const aws = await startAws();
let clock: Clock;
let reader: TokenReader;

beforeEach(() => {
  clock = new Clock();
  reader = makeReader(clock);
});

async function token(connectionId = MARIA): Promise<string> {
  return (await reader.read(connectionId)).accessToken;
}

test("token that is replaced between the two reads stays with its metadata", async () => {
  aws.connect("EAAold");
  aws.beforeRead = [nothing, () => aws.connect("EAAnew")];
  const { accessToken, tokenVersion } = await reader.read(MARIA);
  assert.deepEqual([accessToken, tokenVersion], ["EAAold", 1]);
});

test("pair that changes while it is read is read again", async () => {
  aws.connect("EAAold");
  aws.beforeRead = [nothing, () => aws.deleteToken(), () => aws.connect("EAAnew", { status: "expiring" })];
  const { accessToken, status } = await reader.read(MARIA);
  assert.deepEqual([accessToken, status], ["EAAnew", "expiring"]);
  assert.deepEqual(clock.pausesMs, [200]);
});

test("not ready is not cached", async () => {
  aws.putToken("EAAfirst");
  await assert.rejects(reader.read(MARIA), NotReady);
  aws.putMetadata();
  assert.equal(await token(), "EAAfirst");
});

test("pair is read once until it is old", async () => {
  aws.connect("EAAone");
  await token();
  clock.nowMs += 239_000;
  await token();
  assert.deepEqual(aws.reads, PAIR);
  clock.nowMs += 62_000;
  await token();
  assert.deepEqual(aws.reads, [...PAIR, ...PAIR]);
});

test("readers that start together do not read together", async () => {
  aws.connect("EAAone");
  const readers = Array.from({ length: 20 }, () => makeReader(clock));
  for (const one of readers) await one.read(MARIA);
  aws.reads = [];
  clock.nowMs += 270_000;
  for (const one of readers) await one.read(MARIA);
  const early = aws.reads.length / 2;
  assert.ok(early > 0 && early < readers.length, `${early} of 20`);
});

test("failure is cached for half a minute", async () => {
  aws.putMetadata({ status: "expired", status_reason: "expired" });
  for (let time = 0; time < 3; time++) {
    await assert.rejects(reader.read(MARIA), ReconnectRequired);
    clock.nowMs += 11_000;
  }
  assert.deepEqual(aws.reads, [`${MARIA}/metadata`]);
  aws.connect("EAAnew");
  assert.equal(await token(), "EAAnew");
});

test("failure is cached no longer than a connection", async () => {
  reader = makeReader(clock, { maxAgeMs: 1000 });
  await assert.rejects(reader.read(MARIA), ReconnectRequired);
  aws.connect("EAAnew");
  clock.nowMs += 1001;
  assert.equal(await token(), "EAAnew");
});

test("connections are cached separately", async () => {
  aws.connect("EAAmaria");
  aws.connect("EAAjonas", {}, JONAS);
  assert.deepEqual([await token(), await token(JONAS)], ["EAAmaria", "EAAjonas"]);
});

test("concurrent callers share one read", async () => {
  aws.connect("EAAone");
  const found = await Promise.all(Array.from({ length: 8 }, () => reader.read(MARIA)));
  assert.deepEqual(aws.reads, PAIR);
  assert.equal(new Set(found).size, 1);
});

test("concurrent callers share a failure, and each has its own exception", async () => {
  aws.putMetadata({ status: "revoked", status_reason: "checkpoint" });
  const found = await Promise.allSettled([reader.read(MARIA), reader.read(MARIA)]);
  assert.deepEqual(aws.reads, [`${MARIA}/metadata`]);
  const reasons = found.map((one) => one.status === "rejected" && one.reason);
  assert.ok(reasons.every((one) => one instanceof ReconnectRequired && one.statusReason === "checkpoint"));
  assert.equal(new Set(reasons).size, 2);
});

test("forgotten connection is read again", async () => {
  aws.connect("EAAold");
  await token();
  aws.connect("EAAnew");
  reader.forget(MARIA);
  assert.equal(await token(), "EAAnew");
});

test("connection that is forgotten while it is read is not cached", async () => {
  aws.connect("EAAold");
  aws.beforeRead = [
    nothing,
    () => {
      aws.connect("EAAnew");
      reader.forget(MARIA);
    },
  ];
  assert.equal(await token(), "EAAold");
  assert.equal(await token(), "EAAnew");
});

test("errors of AWS are the SDK's, and are not cached", async () => {
  aws.connect("EAAone");
  await token();
  clock.nowMs += 301_000;
  aws.errors = ["ThrottlingException", "AccessDeniedException"];
  await assert.rejects(reader.read(MARIA), { name: "ThrottlingException" });
  await assert.rejects(reader.read(MARIA), { name: "AccessDeniedException" });
  assert.equal(await token(), "EAAone");
});

test("connection that comes in time is returned", async () => {
  aws.beforeRead = [...Array.from({ length: 6 }, () => nothing), () => aws.connect("EAAnew")];
  assert.equal((await reader.read(MARIA, { waitMs: 10_000 })).accessToken, "EAAnew");
  assert.deepEqual(clock.pausesMs, [1000, 1000, 1000]);
});

test("read waits no longer than asked", async () => {
  await assert.rejects(reader.read(MARIA, { waitMs: 2500 }), { statusReason: "not-connected" });
  assert.deepEqual(clock.pausesMs, [1000, 1000, 500]);
});

test("read does not wait for a connection that is there", async () => {
  aws.connect("EAAone");
  await reader.read(MARIA, { waitMs: 10_000 });
  assert.deepEqual(clock.pausesMs, []);
});

test("read does not wait after an error of AWS", async () => {
  aws.errors = ["AccessDeniedException"];
  await assert.rejects(reader.read(MARIA, { waitMs: 10_000 }), { name: "AccessDeniedException" });
  assert.deepEqual(clock.pausesMs, []);
});

test("read waits until the connection is usable", async () => {
  aws.connect("EAAone", { usable: false });
  await token();
  aws.beforeRead = [nothing, nothing, () => aws.connect("EAAone", { usable: true })];
  assert.ok((await reader.read(MARIA, { waitMs: 10_000, usable: true })).usable);
  assert.deepEqual(clock.pausesMs, [1000, 1000]);
});

test("connection that does not become usable can still be read", async () => {
  aws.connect("EAAone", { usable: false });
  await assert.rejects(reader.read(MARIA, { waitMs: 3000, usable: true }), NotUsable);
  assert.equal(clock.nowMs, 1_003_000);
  assert.equal(await token(), "EAAone");
});

for (const id of ["", "a/b", "../app-secret", "a:3", "a b", "x".repeat(65), "..", "-a", "a\n", undefined])
  test(`connection ID ${JSON.stringify(id)} is not looked up`, async () => {
    await assert.rejects(reader.read(id as string), { name: "TypeError", message: "not a connection id" });
    assert.deepEqual(aws.reads, []);
  });

test("client is made if none is given", async () => {
  aws.connect("EAAone");
  assert.equal((await new TokenReader(`${PREFIX}/`).read(MARIA)).accessToken, "EAAone");
});

test("phone number", async () => {
  const numbers = (list: typeof NUMBERS, truncated = false) =>
    new Connection(MARIA, "EAAone", { ...METADATA, phone_numbers: list, truncated });
  assert.equal(numbers(NUMBERS.slice(0, 1)).phoneNumber().id, "41");
  assert.equal(numbers(NUMBERS.slice(0, 1)).phoneNumber("").id, "41");
  assert.equal(numbers(NUMBERS).phoneNumber("42").verifiedName, "Bakery");
  assert.deepEqual(numbers(NUMBERS).phoneNumber("43").verifiedName, "");
  for (const [list, truncated, ids] of [
    [[], false, []],
    [NUMBERS, false, ["41", "42"]],
    [NUMBERS.slice(0, 1), true, ["41"]],
  ] as const)
    assert.throws(
      () => numbers([...list], truncated).phoneNumber(),
      (error) => {
        assert.ok(error instanceof PhoneNumberRequired);
        assert.deepEqual([error.connectionId, error.phoneNumberIds], [MARIA, ids]);
        return [MARIA, ...ids].every((id) => error.message.includes(id));
      },
    );
});

test("days left", () => {
  for (const [hours, days] of [
    [24 * 14 + 1, 14],
    [23, 0],
    [-30, 0],
  ] as const) {
    const end = new Date(Date.now() + hours * 3_600_000).toISOString();
    const { daysLeft, dataAccessDaysLeft } = new Connection(MARIA, "EAAone", {
      ...METADATA,
      expires_at: end,
      data_access_expires_at: end,
    });
    assert.deepEqual([daysLeft, dataAccessDaysLeft], [days, days]);
  }
  const endless = new Connection(MARIA, "EAAone", { ...METADATA, expires_at: null as unknown as string });
  assert.equal(endless.daysLeft, null);
});

test("token is not shown", async () => {
  aws.connect("EAAone");
  const connection = await reader.read(MARIA);
  const lost = await reader.readAgain(connection).catch((error: unknown) => error);
  assert.ok(lost instanceof ReconnectRequired);
  assert.deepEqual(connection.authorization, { Authorization: "Bearer EAAone" });
  for (const one of [connection, reader, lost, { ...connection }]) {
    const shown = [{ showHidden: true }, { getters: true }].map((how) => inspect(one, { depth: Infinity, ...how }));
    assert.doesNotMatch(shown.join() + JSON.stringify(one) + String(one), /EAAone/);
  }
  assert.match(inspect(connection), /Bakery/);
});
