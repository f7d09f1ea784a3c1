// Read a connection's token and the metadata of this version of the token.
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

const ssm = new SSMClient();
const cache = new Map();
const MAX_AGE_MS = 300_000;

/** The codes with which Facebook refuses a token. */
const REFUSED = new Set([0, 190]);

export class ReconnectRequired extends Error {
  constructor(connectionId, status, reason) {
    super(`WhatsApp connection ${connectionId} has to be connected again: ${status} (${reason})`);
    Object.assign(this, { name: "ReconnectRequired", connectionId, status, reason });
  }
}

/** Call request(connection). If the answer is Facebook's error 190 or 0, read the token again and retry once. */
export async function call(prefix, connectionId, request) {
  const connection = await read(prefix, connectionId);
  let answer = await request(connection);
  if (!REFUSED.has(answer.error?.code)) return answer;
  cache.delete(connectionId);
  const newer = await read(prefix, connectionId);
  if (newer.token !== connection.token) {
    answer = await request(newer);
    if (!REFUSED.has(answer.error?.code)) return answer;
  }
  throw new ReconnectRequired(connectionId, newer.status, "token-refused");
}

/** Return the ID of the phone number to send from: the one that is named, or the only one. */
export function phoneNumberId({ phone_numbers, truncated }, named) {
  if (named) return named;
  if (phone_numbers.length === 1 && !truncated) return phone_numbers[0].id;
  const ids = phone_numbers.map(({ id }) => id).join(", ");
  throw new Error(ids ? `Several phone numbers. Name one in PHONE_NUMBER_ID: ${ids}` : "The connection has no phone number");
}

export async function read(prefix, connectionId) {
  const known = cache.get(connectionId);
  if (known && Date.now() < known.until) return known.connection;
  const folder = `${prefix}/connections/${connectionId}`;
  for (let attempt = 1; ; attempt++) {
    const text = await value(`${folder}/metadata`);
    const metadata = text && JSON.parse(text);
    if (metadata?.status === "expired" || metadata?.status === "revoked")
      throw new ReconnectRequired(connectionId, metadata.status, metadata.status_reason);
    const token = metadata && (await value(`${folder}/access-token:${metadata.token_version}`));
    if (token) {
      const connection = { ...metadata, token };
      cache.set(connectionId, { connection, until: Date.now() + MAX_AGE_MS * (0.8 + 0.2 * Math.random()) });
      return connection;
    }
    // Token and metadata are written one after the other, so the second may follow soon.
    if (attempt === 3) throw new ReconnectRequired(connectionId, "unknown", "parameter-missing");
    await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
  }
}

async function value(Name) {
  try {
    return (await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter.Value;
  } catch (error) {
    if (error.name === "ParameterNotFound" || error.name === "ParameterVersionNotFound") return undefined;
    throw error;
  }
}
