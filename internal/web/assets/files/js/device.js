// Passkeys: makes one for this device, or opens it. Without it the page's other ways remain.
(function () {
  "use strict";

  if (!window.PublicKeyCredential || !navigator.credentials || !window.isSecureContext) { return; }

  var bytes = function (text) {
    var raw = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, function (c) { return c.charCodeAt(0); });
  };
  var text = function (buffer) {
    var raw = Array.from(new Uint8Array(buffer), function (b) { return String.fromCharCode(b); }).join("");
    return window.btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  var named = function (list) {
    (list || []).forEach(function (one) { one.id = bytes(one.id); });
  };

  var post = async function (url, body) {
    var answer = await fetch(url, {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
    });
    if (!answer.ok) { throw new Error(String(answer.status)); }
    return answer.json();
  };

  var make = async function (options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    named(options.excludeCredentials);
    var made = await navigator.credentials.create({ publicKey: options });
    return {
      id: made.id, rawId: text(made.rawId), type: made.type,
      response: { attestationObject: text(made.response.attestationObject), clientDataJSON: text(made.response.clientDataJSON) }
    };
  };

  var use = async function (options) {
    options.challenge = bytes(options.challenge);
    named(options.allowCredentials);
    var used = await navigator.credentials.get({ publicKey: options });
    var response = {
      authenticatorData: text(used.response.authenticatorData), clientDataJSON: text(used.response.clientDataJSON), signature: text(used.response.signature)
    };
    if (used.response.userHandle && used.response.userHandle.byteLength) { response.userHandle = text(used.response.userHandle); }
    return { id: used.id, rawId: text(used.rawId), type: used.type, response: response };
  };

  document.querySelectorAll("[data-passkey]").forEach(function (box) {
    var button = box.querySelector("button");
    var told = box.querySelector("[role=alert]");
    box.hidden = false;

    button.addEventListener("click", async function () {
      button.disabled = true;
      told.textContent = "";
      try {
        var challenge = await post(box.dataset.ask, {});
        var answer = await (box.dataset.passkey === "make" ? make : use)(challenge.options);
        var done = await post(box.dataset.answer, { handle: challenge.handle, answer: answer });
        window.location.assign(done.til);
      } catch (e) {
        told.textContent = box.dataset.failed;
        button.disabled = false;
      }
    });
  });
})();
