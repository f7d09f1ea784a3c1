// grant's handler for Lambda. Its session is a signed cookie, or in a store of the user's: here the shared DynamoDB. It
// keeps no token; the call that does is the user's.
import grantModule from "grant";

const { PROVIDER_URL, TOKEN_KEY_ID } = process.env;
const HOST = "connect.example.com";

export async function make(shared) {
  const operations = new Map();
  const aws = shared ? await import("./aws.mjs").then((store) => store.open(operations)) : null;
  const grant = grantModule.aws({
    config: {
      defaults: { origin: `https://${HOST}`, transport: "state", state: true, response: ["tokens", "profile"] },
      facebook: {
        key: "1234567890",
        secret: "0123456789abcdef0123456789abcdef",
        scope: ["whatsapp_business_management", "whatsapp_business_messaging"],
        authorize_url: `${PROVIDER_URL}/v26.0/dialog/oauth`,
        access_url: `${PROVIDER_URL}/v26.0/oauth/access_token`,
        profile_url: `${PROVIDER_URL}/v26.0/me`,
      },
    },
    session: { secret: "secret", store: aws?.sessions },
  });

  async function authorize() {
    const { redirect } = await grant(gatewayEvent("/connect/facebook"));
    return {
      state: new URL(redirect.headers.location).searchParams.get("state"),
      cookies: redirect.cookies.map((cookie) => cookie.split(";")[0]),
    };
  }

  async function callback(login, code) {
    const query = new URLSearchParams({ code, state: login.state }).toString();
    const { response } = await grant(gatewayEvent("/connect/facebook/callback", query, login.cookies));
    if (!response?.access_token) return false;
    await aws?.keepToken(`grant-${response.profile.id}`, response.access_token, TOKEN_KEY_ID);
    return true;
  }

  return { operations, authorize, callback };
}

function gatewayEvent(path, query = "", cookies = []) {
  return {
    version: "2.0",
    routeKey: `GET ${path}`,
    rawPath: path,
    rawQueryString: query,
    queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
    cookies,
    headers: { host: HOST, "user-agent": "Mozilla/5.0", accept: "text/html" },
    requestContext: { domainName: HOST, http: { method: "GET", path }, requestId: "JKJaXmPLvHcESHA=" },
    isBase64Encoded: false,
  };
}
