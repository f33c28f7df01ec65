// The page that a tablet always shows. It proves who it is by a key that can't leave the browser,
// asks what to show, rings, and goes to the room. It goes on by itself after loss of power or
// network, and clears itself when the tablet was closed.
(function () {
  "use strict";

  var at = function (id) { return document.getElementById(id); };
  var main = at("tavle");
  var answerButton = at("svar"), noButton = at("nej"), soundButton = at("lyd");
  var stage = "", session = "", ahead = 0, timer = 0, counting = 0, refused = false, audio = null, ringing = 0;

  // The key.
  var database = function () {
    return new Promise(function (resolve, reject) {
      var open = window.indexedDB.open("sluse-tavle", 1);
      open.onupgradeneeded = function () { open.result.createObjectStore("tavle"); };
      open.onerror = function () { reject(open.error); };
      open.onsuccess = function () { resolve(open.result); };
    });
  };
  var tablet = async function () {
    var db = await database();
    try {
      return await new Promise(function (resolve, reject) {
        var read = db.transaction("tavle").objectStore("tavle").get("denne");
        read.onsuccess = function () { resolve(read.result); };
        read.onerror = function () { reject(read.error); };
      });
    } finally { db.close(); }
  };
  var base64 = function (buffer) {
    return window.btoa(Array.from(new Uint8Array(buffer), function (b) { return String.fromCharCode(b); }).join(""));
  };
  var post = function (url, body) {
    return fetch(url, { method: "POST", credentials: "same-origin", cache: "no-store", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });
  };

  // The clock follows the server's, because a tablet's own may be wrong.
  var tick = function () {
    var now = new Date(Date.now() + ahead);
    var zone = { timeZone: "Europe/Copenhagen" };
    at("ur").textContent = now.toLocaleTimeString("da-DK", Object.assign({ hour: "2-digit", minute: "2-digit" }, zone)).replace(":", ".");
    at("dato").textContent = now.toLocaleDateString("da-DK", Object.assign({ weekday: "long", day: "numeric", month: "long" }, zone));
  };

  // The ring tone is made here, so that it needs no network.
  var tone = function () {
    if (!audio || audio.state !== "running") { return; }
    [0, 0.25].forEach(function (start) {
      var sound = audio.createOscillator(), volume = audio.createGain();
      sound.frequency.value = start ? 660 : 880;
      volume.gain.setValueAtTime(0.0001, audio.currentTime + start);
      volume.gain.exponentialRampToValueAtTime(0.5, audio.currentTime + start + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + start + 0.22);
      sound.connect(volume).connect(audio.destination);
      sound.start(audio.currentTime + start);
      sound.stop(audio.currentTime + start + 0.25);
    });
  };
  var wake = async function () {
    try {
      audio = audio || new window.AudioContext();
      if (audio.state !== "running") { await Promise.race([audio.resume(), new Promise(function (r) { window.setTimeout(r, 300); })]); }
    } catch (e) { audio = null; }
    soundButton.hidden = !audio || audio.state === "running";
  };
  var ring = function (on) {
    if (on && !ringing) { wake().then(tone); ringing = window.setInterval(tone, 1500); }
    if (!on && ringing) { window.clearInterval(ringing); ringing = 0; }
  };

  // What is shown.
  var paint = function (name, text, more) {
    if (document.body.dataset.stage !== name) { document.body.dataset.stage = name; }
    if (at("tekst").textContent !== text) { at("tekst").textContent = text; }
    if (at("mere").textContent !== more) { at("mere").textContent = more; }
  };
  var quiet = function () {
    ring(false);
    stopCount();
    answerButton.hidden = noButton.hidden = true;
    stage = "";
  };
  var tell = function (name) { quiet(); paint(name, main.dataset[name], main.dataset[name + "More"]); };

  var stopCount = function () {
    if (counting) { window.clearInterval(counting); counting = 0; }
    at("nedtaelling").hidden = noButton.hidden = true;
  };
  var count = function (seconds) {
    if (counting || refused) { return; }
    at("nedtaelling").hidden = noButton.hidden = false;
    at("sekunder").textContent = seconds;
    counting = window.setInterval(function () {
      seconds -= 1;
      at("sekunder").textContent = seconds;
      if (seconds <= 0) { stopCount(); answer(); }
    }, 1000);
  };

  var show = function (now) {
    ahead = new Date(now.nu).getTime() - Date.now();
    tick();
    paint(now.stadie, now.tekst, now.mere);
    answerButton.hidden = !now.knap;
    answerButton.textContent = now.knap;
    if (now.stadie !== stage) { refused = false; }
    stage = now.stadie;
    session = now.session;
    ring(stage === "ringing");
    if (stage === "ringing" && now.nedtaelling) { count(now.nedtaelling); } else { stopCount(); }
    // To the room by itself once; who comes back from it has a button.
    if (stage === "admitted" && window.sessionStorage.getItem("rum") !== session) { goIn(); }
  };

  var goIn = function () {
    window.sessionStorage.setItem("rum", session);
    at("ind").submit();
  };
  var answer = async function () {
    if (stage === "admitted") { goIn(); return; }
    answerButton.disabled = true;
    stopCount();
    ring(false);
    var wait = 0;
    try {
      var sent = await post("/tavle/svar");
      if (!sent.ok && sent.status !== 401) { paint("refused", main.dataset.refused, (await sent.json()).fejl); answerButton.hidden = true; wait = 10; }
    } catch (e) { tell("offline"); }
    answerButton.disabled = false;
    if (wait) { later(wait); } else { ask(); }
  };

  // A closed tablet keeps nothing.
  var clear = async function () {
    window.clearTimeout(timer);
    tell("closed");
    window.localStorage.clear();
    window.sessionStorage.clear();
    window.indexedDB.deleteDatabase("sluse-tavle");
    try {
      // The worker goes first, or it would keep a file anew that is still on its way.
      await Promise.all((await navigator.serviceWorker.getRegistrations()).map(function (one) { return one.unregister(); }));
      await Promise.all((await caches.keys()).map(function (name) { return caches.delete(name); }));
    } catch (e) { /* a browser without them has nothing to clear */ }
  };

  // prove returns whether the tablet may ask again: "" yes, else what to show.
  var prove = async function () {
    var own = await tablet();
    if (!own) { return "none"; }
    var asked = await post("/tavle/udfordring", { id: own.id });
    if (asked.status === 410) { return "closed"; }
    if (!asked.ok) { return "trouble"; }
    var nonce = (await asked.json()).udfordring;
    var signature = await window.crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, own.key, new TextEncoder().encode("sluse tablet challenge\u0000" + own.id + "\u0000" + nonce));
    var proved = await post("/tavle/bevis", { id: own.id, udfordring: nonce, underskrift: base64(signature) });
    if (proved.status === 410) { return "closed"; }
    return proved.ok ? "" : "trouble";
  };

  var later = function (seconds) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, 1000 * seconds);
  };
  var step = async function () {
    var now = await fetch("/tavle/nu", { credentials: "same-origin", cache: "no-store" });
    if (now.status === 401) {
      var what = await prove();
      if (what === "closed") { await clear(); return 0; }
      if (what === "none") { tell("none"); at("saet-op").hidden = false; return 0; }
      if (what) { tell(what); return 15; }
      now = await fetch("/tavle/nu", { credentials: "same-origin", cache: "no-store" });
    }
    if (now.status === 410) { await clear(); return 0; }
    if (now.status === 429) { return 20; } // many tablets behind one address: what is shown stays
    if (!now.ok) { tell("trouble"); return 15; }
    var shown = await now.json();
    show(shown);
    return shown.igen;
  };
  var asking = false;
  var ask = async function () {
    if (asking) { return; }
    asking = true;
    var seconds = 10;
    try { seconds = await step(); } catch (e) { tell("offline"); }
    asking = false;
    if (seconds) { later(seconds); }
  };

  answerButton.addEventListener("click", answer);
  noButton.addEventListener("click", function () { refused = true; stopCount(); });
  soundButton.addEventListener("click", function () { wake().then(tone); });
  document.addEventListener("pointerdown", wake, { once: true });
  window.addEventListener("online", ask);
  window.addEventListener("pageshow", function (e) { if (e.persisted) { ask(); } });
  document.addEventListener("contextmenu", function (e) { e.preventDefault(); });

  if (navigator.serviceWorker) { navigator.serviceWorker.register(main.dataset.worker, { scope: "/tavle" }).catch(function () { /* without it the page needs network to load */ }); }
  tick();
  window.setInterval(tick, 1000);
  wake();
  ask();
})();
