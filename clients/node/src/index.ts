/**
 * Read the WhatsApp tokens that WhatsApp Connect stores in AWS Systems Manager Parameter Store, and make connect links.
 *
 * const reader = new TokenReader("/whatsapp-connect");
 * const connection = await reader.read("122100000000000001");
 */

export type { AwsClient } from "./aws.js";
export { Connection, type Account, type BusinessApp, type Metadata, type PhoneNumber } from "./connection.js";
export {
  LinkNotCreated,
  LinkRefused,
  NotReady,
  NotUsable,
  PhoneNumberRequired,
  ReadError,
  ReconnectRequired,
  TokenRefused,
} from "./errors.js";
export { appSecretProof, raiseIfRefused, timestampedAppSecretProof } from "./graph.js";
export { ConnectLink, LinkCreator, type LinkOptions } from "./links.js";
export { TokenReader, type ReadOptions, type TokenReaderOptions } from "./reader.js";
