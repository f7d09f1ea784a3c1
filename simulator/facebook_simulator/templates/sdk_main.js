// A stand-in for Facebook's JavaScript SDK: FB.init and FB.login with a pop-up. The README says what it is made after.
(function () {
  "use strict";
  if (window.FB && !window.FB.__buffer) {
    return;
  }
  const buffer = window.FB ? window.FB.__buffer : { opts: null, replay: () => {} };
  const address = new URL(document.currentScript.src);
  const base = address.origin;
  const locale = address.pathname.split("/")[1];
  const XD_ARBITER = base + "/x/connect/xd_arbiter/?version=46";
  const callbacks = new Map();
  const pending = new Map();
  let appId = "";
  let version = "";
  let polling = 0;

  const guid = () => "f" + crypto.getRandomValues(new Uint32Array(2)).reduce((text, one) => text + one.toString(16), "");
  const origin = () => location.origin + "/" + guid();

  function log(kind, ...what) {
    console[kind](...what);
  }

  // Every login is reported with fetch. Without connect-src, the refused fetch is an error of the page, no more.
  function impression(payload) {
    const url = new URL(base + "/platform/impression.php/" + guid() + "/");
    url.search = new URLSearchParams({ lid: "117", api_key: appId, payload: JSON.stringify(payload) });
    fetch(url, { mode: "no-cors", credentials: "omit" }).catch((error) => setTimeout(() => { throw error; }));
  }

  function handler(callback, relation) {
    const id = guid();
    callbacks.set(id, callback);
    const about = { cb: id, origin: origin(), domain: location.hostname, relation: relation, is_canvas: "false" };
    return XD_ARBITER + "#" + new URLSearchParams(about);
  }

  // A refusal is remembered in a cookie of the page's host.
  function rememberRefusal() {
    const expires = new Date(Date.now() + 365 * 86400000).toUTCString();
    document.cookie = "fblo_" + appId + "=y; expires=" + expires + "; path=/; domain=" + location.hostname;
  }

  function answer(call, data) {
    if (!pending.delete(call.id)) {
      return;
    }
    try {
      call.popup.close();
    } catch (error) {
      // It is closed already.
    }
    let response = { authResponse: null, status: "unknown" };
    if (data.code) {
      response = { authResponse: { userID: null, expiresIn: NaN, code: data.code }, status: "connected" };
    } else if (data.error || data.error_code || data.error_message || data.closed) {
      rememberRefusal();
    }
    if (call.callback) {
      try {
        call.callback(response);
      } catch (error) {
        setTimeout(() => { throw error; });
      }
    }
  }

  // Facebook is asked for the status of the login when a window was closed. The page's whole address goes with it.
  function askStatus(call) {
    const url = new URL(base + "/x/oauth/status");
    url.search = new URLSearchParams({
      client_id: appId, input_token: "", redirect_uri: location.href, origin: "2", sdk: "joey", wants_cookie_data: "false",
    });
    fetch(url, { referrer: "/", mode: "cors", credentials: "include" })
      .catch(() => log("error", "Error retrieving login status, fetch cancelled."))
      .then(() => answer(call, { closed: true }));
  }

  function watch() {
    let open = 0;
    for (const call of pending.values()) {
      if (!call.popup.closed) {
        open += 1;
      } else if (!call.asked) {
        call.asked = true;
        askStatus(call);
      }
    }
    if (open && !polling) {
      polling = setInterval(watch, 100);
    } else if (!open && polling) {
      clearInterval(polling);
      polling = 0;
    }
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== base || typeof event.data !== "string" || /^(FB_RPC:|\{)/.test(event.data)) {
      return;
    }
    const data = Object.fromEntries(new URLSearchParams(event.data));
    const callback = callbacks.get(data.cb);
    if (callback) {
      callbacks.delete(data.cb);
      callback(data);
    }
  });

  function login(callback, options) {
    if (location.protocol !== "https:") {
      log("error", "The method FB.login can no longer be called from http pages. "
        + "https://developers.facebook.com/blog/post/2018/06/08/enforce-https-facebook-login/");
    }
    const kind = Object.prototype.toString.call(callback).slice(8, -1).toLowerCase();
    if (callback != null && kind !== "function") {
      throw new Error("Expression is of type " + kind + ", not function");
    }
    if (!version) {
      throw new Error("init not called with valid version");
    }
    const sent = Object.assign({ display: "popup", domain: location.hostname }, options);
    if (sent.redirect_uri) {
      log("warn", "When using FB.ui, you should not specify a redirect_uri.");
      delete sent.redirect_uri;
    }
    if (!sent.fallback_redirect_uri) {
      sent.fallback_redirect_uri = document.location.href;
    }
    if (!appId) {
      log("error", "FB.login() called before FB.init().");
      return;
    }
    const call = { id: guid(), callback: callback, popup: null, asked: false };
    if (sent.override_default_response_type !== true) {
      const wanted = sent.response_type ? sent.response_type.split(",") : [];
      sent.response_type = [...new Set([...wanted, "token", "signed_request", "graph_domain"])].join(",");
    }
    Object.assign(sent, {
      app_id: appId, client_id: appId, version: version, sdk: "joey", locale: locale, e2e: {}, origin: 2,
      logger_id: guid(), cbt: Date.now(),
      redirect_uri: handler((data) => answer(call, data), "opener") + "&frame=" + call.id,
      channel_url: handler(() => {}, "opener"),
    });
    impression({ logger_id: sent.logger_id, action: "client_login_start", cbt_delta: 0 });
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(sent)) {
      query.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    const size = "width=600,height=679,scrollbars=1,toolbar=0,location=1";
    call.popup = window.open(base + "/" + version + "/dialog/oauth?" + query, call.id, size);
    if (!call.popup) {
      return;  // A blocked pop-up is not told to the page.
    }
    pending.set(call.id, call);
    watch();
  }

  function init(options) {
    if (Object.prototype.toString.call(options) !== "[object Object]") {
      throw new Error("Invalid argument");
    }
    if (!/^v\d+\.\d\d?$/.test(options.version)) {
      throw new Error("invalid version specified");
    }
    version = options.version;
    appId = String(options.appId || options.apiKey || "");
    buffer.replay();
  }

  window.FB = { init: init, login: login };

  function addStyles() {
    const root = document.createElement("div");
    root.style.cssText = "position: absolute; top: -10000px; width: 0; height: 0";
    document.body.append(root);
    const style = document.createElement("style");
    style.textContent = ".fb_hidden{position:absolute;top:-10000px;z-index:10001}";
    document.head.append(style);
  }
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", addStyles);
  } else {
    addStyles();
  }
  setTimeout(() => {
    if (window.fbAsyncInit && window.fbAsyncInit.hasRun !== true) {
      window.fbAsyncInit.hasRun = true;
      window.fbAsyncInit();
    }
    if (buffer.opts && !version) {
      init(buffer.opts);
    }
  });
})();
