// Facebook's sdk.js is small: it loads the SDK itself, and keeps the calls that are made before. FB.login would then
// open its window later, without a click, so that browsers block it. A page has to wait for fbAsyncInit.
(function () {
  "use strict";
  if (window.FB) {
    return;
  }
  const buffer = {
    calls: [],
    opts: null,
    replay: function () {
      const calls = buffer.calls;
      buffer.calls = [];
      for (const sent of calls) {
        window.FB.login(...sent);
      }
    },
  };
  window.FB = {
    __buffer: buffer,
    init: function (options) { buffer.opts = options; },
    login: function (...sent) { buffer.calls.push(sent); },
  };
  const script = document.createElement("script");
  script.src = document.currentScript.src.split(/[?#]/)[0] + "?hash=5f1c7a0d2b9e4c86";
  script.async = true;
  script.crossOrigin = "anonymous";
  const first = document.getElementsByTagName("script")[0];
  first.parentNode.insertBefore(script, first);
})();
