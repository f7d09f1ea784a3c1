// Sign calls to the Graph API, and recognise answers that refuse the token.

import { createHmac } from "node:crypto";

import { TokenRefused } from "./errors.js";

/** Authorization errors in https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes. */
const TOKEN_REFUSED: readonly unknown[] = [0, 190];

/** Return the query parameter which proves that a call comes from the app. Some apps require it. */
export function appSecretProof(accessToken: string, appSecret: string): { appsecret_proof: string } {
  return { appsecret_proof: signature(accessToken, appSecret) };
}

/**
 * Return the query parameters of a proof that Facebook accepts for five minutes. Make a new one for each call.
 *
 * `nowMs` is in milliseconds since the epoch.
 */
export function timestampedAppSecretProof(
  accessToken: string,
  appSecret: string,
  nowMs = Date.now(),
): { appsecret_proof: string; appsecret_time: string } {
  const seconds = String(Math.floor(nowMs / 1000));
  return { appsecret_proof: signature(`${accessToken}|${seconds}`, appSecret), appsecret_time: seconds };
}

/**
 * Throw TokenRefused if the parsed JSON of an answer has error code 190 or 0.
 *
 * Facebook uses these codes for a refused token, with different HTTP statuses.
 */
export function raiseIfRefused(answer: unknown): void {
  const error = property(answer, "error");
  const code = property(error, "code");
  if (typeof code === "number" && TOKEN_REFUSED.includes(code)) {
    const subcode = property(error, "error_subcode");
    throw new TokenRefused(typeof subcode === "number" ? subcode : null, code);
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function signature(message: string, appSecret: string): string {
  return createHmac("sha256", appSecret).update(message).digest("hex");
}
