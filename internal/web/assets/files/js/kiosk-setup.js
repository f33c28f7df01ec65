// Sets a tablet up: makes a key that can't leave the browser, and has its public part registered
// with the code that was typed. The key lies in IndexedDB; nothing else is kept.
(function () {
  "use strict";

  var form = document.getElementById("ny-form");
  var told = document.getElementById("ny-fejl");
  var button = form.querySelector("button");
  var alphabet = /[^ABCDEFGHJKLMNPQRSTUVWXYZ23456789]/g;

  var base64 = function (buffer) {
    return window.btoa(Array.from(new Uint8Array(buffer), function (b) { return String.fromCharCode(b); }).join(""));
  };

  var keep = function (tablet) {
    return new Promise(function (resolve, reject) {
      var open = window.indexedDB.open("sluse-tavle", 1);
      open.onupgradeneeded = function () { open.result.createObjectStore("tavle"); };
      open.onerror = function () { reject(open.error); };
      open.onsuccess = function () {
        var write = open.result.transaction("tavle", "readwrite");
        write.objectStore("tavle").put(tablet, "denne");
        write.oncomplete = function () { open.result.close(); resolve(); };
        write.onerror = function () { reject(write.error); };
      };
    });
  };

  var setUp = async function (typed) {
    var code = typed.toUpperCase().replace(alphabet, "");
    var pair = await window.crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    var signature = await window.crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new TextEncoder().encode("sluse tablet enrolment\u0000" + code));
    var spki = await window.crypto.subtle.exportKey("spki", pair.publicKey);
    var answer = await fetch("/tavle/ny", {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kode: code, noegle: base64(spki), underskrift: base64(signature) })
    });
    if (answer.status === 422) { return form.dataset.wrong; }
    if (!answer.ok) { return form.dataset.failed; }
    await keep({ id: (await answer.json()).id, key: pair.privateKey });
    window.location.replace("/tavle");
    return "";
  };

  form.addEventListener("submit", async function (e) {
    e.preventDefault();
    if (!window.crypto || !window.crypto.subtle || !window.indexedDB) { told.textContent = form.dataset.old; return; }
    button.disabled = true;
    told.textContent = "";
    try {
      told.textContent = await setUp(form.elements.kode.value);
    } catch (err) {
      told.textContent = form.dataset.failed;
    }
    button.disabled = false;
  });
})();
