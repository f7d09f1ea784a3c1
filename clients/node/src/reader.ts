// Read a connection's token and metadata as one pair, cache them, and report refused tokens.

import { setTimeout as sleep } from "node:timers/promises";

import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { SQSClient } from "@aws-sdk/client-sqs";

import type { AwsClient } from "./aws.js";
import { Connection, field, type Metadata } from "./connection.js";
import { NotReady, NotUsable, ReadError, ReconnectRequired, TokenRefused } from "./errors.js";

const CONNECTION_ID = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/;
const DEAD = ["expired", "revoked"];
/** The pause before each attempt to read a pair, because token and metadata are not written at the same moment. */
const PAUSES_MS = [0, 200, 400, 800];
/** How long ReconnectRequired is cached. */
const FAILURE_MAX_AGE_MS = 30_000;
/** The pause between two attempts of a read that waits. */
const POLL_MS = 1000;
/** A connection is reported once in this time, because the stack makes one check of several reports in it. */
const REPORT_INTERVAL_MS = 60_000;

type Found = Connection | ReconnectRequired;

/** The cache of one connection. */
interface Slot {
  found?: Found | undefined;
  goodUntil: number;
  /** The read that is under way. Concurrent callers share it. */
  reading?: Promise<Found> | undefined;
  reportAfter: number;
}

export interface TokenReaderOptions {
  /** The default is a new client with the SDK's settings. */
  client?: SSMClient | undefined;
  /** The stack's output `CheckQueueUrl`. The reader reports refused tokens there, and the stack checks them in seconds. */
  checkQueueUrl?: string | undefined;
  /** An `SQSClient`. The default is a new one with short timeouts. */
  sqsClient?: AwsClient | undefined;
  /** A connection is cached for 80 to 100 percent of this. The random part keeps processes from reading together. */
  maxAgeMs?: number | undefined;
  /** For tests: the milliseconds of a clock that never goes back. */
  clock?: (() => number) | undefined;
  /** For tests: a pause in milliseconds. */
  pause?: ((ms: number) => Promise<unknown>) | undefined;
}

export interface ReadOptions {
  /** If there is no token, read again every second for so long. Use it while a person is connecting. */
  waitMs?: number | undefined;
  /** Also throw NotUsable until the stack has finished the set-up. */
  usable?: boolean | undefined;
}

/** Read connections below a stack's `ParameterPrefix`. It has a cache: use one for each process. */
export class TokenReader {
  readonly #prefix: string;
  readonly #client: SSMClient;
  readonly #send: Promise<(connectionId: string) => Promise<void>> | undefined;
  readonly #maxAgeMs: number;
  readonly #clock: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #slots = new Map<string, Slot>();

  constructor(prefix: string, options: TokenReaderOptions = {}) {
    this.#prefix = prefix.replace(/\/+$/, "");
    this.#client = options.client ?? new SSMClient();
    this.#send = options.checkQueueUrl ? makeSender(options.checkQueueUrl, options.sqsClient) : undefined;
    this.#send?.catch(() => undefined); // `call` and `report` throw it
    this.#maxAgeMs = options.maxAgeMs ?? 300_000;
    this.#clock = options.clock ?? (() => performance.now());
    this.#pause = options.pause ?? sleep;
  }

  /**
   * Return a connection with a token that works, from the cache or from Parameter Store.
   *
   * Throws ReconnectRequired if there is none, NotReady while it is being replaced, and the errors of the AWS SDK.
   */
  async read(connectionId: string, { waitMs = 0, usable = false }: ReadOptions = {}): Promise<Connection> {
    const slot = this.#slot(connectionId);
    const end = this.#clock() + waitMs;
    for (;;) {
      let remainingMs: number;
      try {
        return await this.#read(slot, connectionId, usable);
      } catch (error) {
        remainingMs = end - this.#clock();
        if (!(error instanceof ReadError) || remainingMs <= 0) throw error;
      }
      await this.#pause(Math.min(POLL_MS, remainingMs));
      if (!(slot.found instanceof Connection) || (usable && !slot.found.usable)) slot.found = undefined;
    }
  }

  /**
   * Return what `request` returns. If it throws TokenRefused, read the token again and call it once more.
   *
   * Throws ReconnectRequired, and reports the connection, if there is no newer token or that one is refused too.
   */
  async call<T>(connectionId: string, request: (connection: Connection) => T | Promise<T>): Promise<T> {
    await this.#send; // A missing package shows at the first call, not when a token is refused.
    let connection = await this.read(connectionId);
    try {
      return await request(connection);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
    }
    connection = await this.readAgain(connection);
    try {
      return await request(connection);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
    }
    const slot = this.#slot(connectionId);
    if (holds(slot.found, connection)) this.#cache(slot, refusal(connection));
    await this.#reportOnceAMinute(connection);
    throw refusal(connection);
  }

  /**
   * Return the connection with a newer token than the refused one; if there is none, report it.
   *
   * Reads Parameter Store once, or not at all if another caller has just read it. Throws ReconnectRequired.
   */
  async readAgain(refused: Connection): Promise<Connection> {
    const slot = this.#slot(refused.connectionId);
    let found = slot.found;
    // A read that began before this call may return the refused token, too.
    while (!found || holds(found, refused))
      found = await (slot.reading ?? this.#refresh(slot, refused.connectionId, refused));
    if (found instanceof ReconnectRequired && found.statusReason === "token-refused")
      await this.#reportOnceAMinute(refused);
    return connectionOf(found);
  }

  /**
   * Ask the stack to check a connection now: Facebook refused its token, or sent a webhook about its account.
   *
   * `call` and `readAgain` do this by themselves, at most once a minute for a connection, and ignore errors of AWS. Throws
   * TypeError without a `checkQueueUrl`, and the errors of the AWS SDK.
   */
  async report(connection: Connection): Promise<void> {
    if (!this.#send) throw new TypeError("no checkQueueUrl");
    const send = await this.#send;
    await send(connection.connectionId);
  }

  /** Drop a connection from the cache. Call it when an event of the stack says that it has changed. */
  forget(connectionId: string): void {
    const slot = this.#slot(connectionId);
    slot.found = undefined;
    slot.reading = undefined; // what is being read now may be older than the event
  }

  async #read(slot: Slot, connectionId: string, usable: boolean): Promise<Connection> {
    const isFresh = this.#clock() < slot.goodUntil;
    const cached = isFresh ? slot.found : undefined;
    const found = connectionOf(cached ?? (await (slot.reading ?? this.#refresh(slot, connectionId))));
    if (usable && !found.usable) throw new NotUsable(connectionId, found.statusReason);
    return found;
  }

  /** Read the pair and cache it. A token that is `refused` counts as none. */
  #refresh(slot: Slot, connectionId: string, refused?: Connection): Promise<Found> {
    const read = async (): Promise<Found> => {
      const found = await this.#readPair(connectionId);
      return refused && holds(found, refused) ? refusal(refused) : found;
    };
    slot.found = undefined; // so that nothing stale stays cached if reading throws
    const reading: Promise<Found> = read()
      .then((found) => {
        if (slot.reading === reading) this.#cache(slot, found);
        return found;
      })
      .finally(() => {
        if (slot.reading === reading) slot.reading = undefined;
      });
    slot.reading = reading;
    return reading;
  }

  #cache(slot: Slot, found: Found): void {
    const ageMs = found instanceof Connection ? this.#maxAgeMs : Math.min(FAILURE_MAX_AGE_MS, this.#maxAgeMs);
    slot.found = found;
    slot.goodUntil = this.#clock() + ageMs * (0.8 + 0.2 * Math.random());
  }

  async #readPair(connectionId: string): Promise<Found> {
    const folder = `${this.#prefix}/connections/${connectionId}`;
    for (const pauseMs of PAUSES_MS) {
      if (pauseMs) await this.#pause(pauseMs);
      const text = await this.#value(`${folder}/metadata`);
      if (text === undefined) {
        if ((await this.#value(`${folder}/access-token`)) === undefined)
          return new ReconnectRequired(connectionId, null, "not-connected");
        continue; // after a first login, the metadata are written after the token
      }
      const metadata = JSON.parse(text) as Metadata;
      const status = field(metadata, "status");
      const version = field(metadata, "token_version");
      if (DEAD.includes(status)) return new ReconnectRequired(connectionId, status, metadata.status_reason ?? null);
      const token = await this.#value(`${folder}/access-token:${version}`);
      if (token !== undefined) return new Connection(connectionId, token, metadata);
    }
    if ((await this.#value(`${folder}/access-token`)) === undefined)
      return new ReconnectRequired(connectionId, null, "parameter-missing");
    throw new NotReady(connectionId);
  }

  async #value(name: string): Promise<string | undefined> {
    try {
      const answer = await this.#client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return answer.Parameter?.Value;
    } catch (error) {
      // Not instanceof: the client may come from another copy of the SDK.
      const { name: kind } = error as Error;
      if (kind === "ParameterNotFound" || kind === "ParameterVersionNotFound") return undefined;
      throw error;
    }
  }

  async #reportOnceAMinute(connection: Connection): Promise<void> {
    if (!this.#send) return;
    const slot = this.#slot(connection.connectionId);
    const now = this.#clock();
    if (now < slot.reportAfter) return;
    slot.reportAfter = now + REPORT_INTERVAL_MS;
    // Errors are ignored, because the caller needs ReconnectRequired.
    await this.report(connection).catch(() => undefined);
  }

  #slot(connectionId: string): Slot {
    if (typeof connectionId !== "string" || !CONNECTION_ID.test(connectionId))
      throw new TypeError("not a connection id");
    let slot = this.#slots.get(connectionId);
    if (!slot) {
      slot = { goodUntil: -Infinity, reportAfter: -Infinity };
      this.#slots.set(connectionId, slot);
    }
    return slot;
  }
}

function holds(found: Found | undefined, { accessToken }: Connection): boolean {
  return found instanceof Connection && found.accessToken === accessToken;
}

function connectionOf(found: Found): Connection {
  if (found instanceof Connection) return found;
  // Each caller gets its own exception, with its own stack.
  throw new ReconnectRequired(found.connectionId, found.status, found.statusReason);
}

function refusal({ connectionId, status }: Connection): ReconnectRequired {
  return new ReconnectRequired(connectionId, status, "token-refused");
}

/** Return a function that reports a connection. Its client has short timeouts, so that callers never wait for long. */
async function makeSender(queueUrl: string, given?: AwsClient): Promise<(connectionId: string) => Promise<void>> {
  const { SendMessageCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const client =
    (given as SQSClient | undefined) ??
    new SQSClient({
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
    });
  return async (connectionId) => {
    const body = JSON.stringify({ connection_id: connectionId });
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  };
}
