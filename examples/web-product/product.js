"use strict";

// The stack's and Facebook's pages lie between the pop-up's first page and its last, and can cut window.opener and
// window.name. A channel of this origin still connects our own pages.
const channel = new BroadcastChannel("whatsapp-connect");
const button = document.getElementById("popup");

// Facebook adds this to its redirect, and browsers carry it through all redirects after it.
if (location.hash === "#_=_") history.replaceState(null, "", location.pathname + location.search);

if ("popup" in document.body.dataset) {
  const ended = new URL(location.href);
  ended.searchParams.delete("window");
  channel.postMessage(ended.search);
  window.close();
} else if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    // Open the window in the click, or pop-up blockers stop it. The form then loads into it.
    if (window.open("", "whatsapp-connect", "popup,width=480,height=760")) {
      // The server reads the token again before it believes the message.
      channel.onmessage = ({ data }) => location.assign(`/connected${data}`);
    } else {
      button.removeAttribute("formtarget");
      button.value = "";
    }
  });
}
