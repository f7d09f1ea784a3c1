// Send a WhatsApp message: node send.mjs 122100000000000001 12025550123 Hello
// If the connection has several phone numbers, PHONE_NUMBER_ID names the one to send from.
import { ReconnectRequired, call, phoneNumberId } from "./connection.mjs";

const prefix = process.env.PARAMETER_PREFIX ?? "/whatsapp-connect";
const graphUrl = process.env.GRAPH_URL ?? "https://graph.facebook.com";
const [connectionId, to, body] = process.argv.slice(2);

try {
  const answer = await call(prefix, connectionId, async ({ token, graph_version, ...metadata }) => {
    const from = phoneNumberId(metadata, process.env.PHONE_NUMBER_ID);
    const response = await fetch(`${graphUrl}/${graph_version}/${from}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ messaging_product: "whatsapp", to, type: "text", text: { body } }),
      signal: AbortSignal.timeout(10_000),
    });
    return response.json();
  });
  if (answer.error) throw new Error(`Facebook refused: code ${answer.error.code}`);
  console.log(answer.messages[0].id);
} catch (error) {
  console.error(error instanceof ReconnectRequired ? error.message : `Not sent: ${error.name}: ${error.message}`);
  process.exit(error instanceof ReconnectRequired ? 3 : 1);
}
