// What pages do beyond htmx. Everything works without it: lists reload, links lead on.
(function () {
  "use strict";

  // The planner's selection: count, all green, none.
  var form = document.getElementById("valg");
  if (form) {
    var boxes = function () { return Array.prototype.slice.call(form.querySelectorAll(".pick")); };
    var count = function () {
      document.getElementById("antal").textContent = boxes().filter(function (b) { return b.checked; }).length;
    };
    form.addEventListener("change", count);
    form.querySelectorAll("[data-pick]").forEach(function (el) {
      el.addEventListener("click", function (e) {
        e.preventDefault();
        boxes().forEach(function (b) { b.checked = el.dataset.pick === "green" && (b.dataset.level === "green" || b.checked); });
        count();
      });
    });
    window.addEventListener("pageshow", count);
  }

  // Somebody has begun to fill in a form: loading the page again would take it away.
  var writing = function () {
    return Array.prototype.some.call(document.querySelectorAll("main textarea, main input"), function (el) {
      return el.value !== el.defaultValue || el.checked !== el.defaultChecked;
    });
  };

  // Progress of a conversion or a reconciliation.
  document.querySelectorAll("[data-events]").forEach(function (box) {
    var source = new EventSource(box.dataset.events);
    source.addEventListener("progress", function (e) {
      var p = JSON.parse(e.data);
      document.getElementById("fremdrift").value = p.percent;
      box.querySelectorAll("[data-field]").forEach(function (el) {
        var text = String(p[el.dataset.field]);
        if (el.textContent !== text) { el.textContent = text; }
      });
      if (p.live) { return; }
      source.close();
      var done = box.querySelector("[data-done]");
      if (done && writing()) { done.hidden = false; } else { window.location.reload(); }
    });
  });

  // The citizen's waiting room: load the page again when its stage changes, and now and then when
  // the line is broken.
  document.querySelectorAll("[data-watch]").forEach(function (box) {
    var source = new EventSource(box.dataset.watch);
    var again = function () { window.location.reload(); };
    source.addEventListener("stage", function (e) {
      if (JSON.parse(e.data).stage !== box.dataset.stage) { source.close(); again(); }
    });
    source.addEventListener("error", function () {
      if (source.readyState === EventSource.CLOSED) { window.setTimeout(again, 10000); }
    });
  });

  document.querySelectorAll("[data-reload]").forEach(function (box) {
    window.setTimeout(function () { window.location.reload(); }, 1000 * box.dataset.reload);
  });

  // Do not take a part away under somebody's hands: no refresh while a box in it is ticked or a
  // control in it has the focus.
  document.body.addEventListener("htmx:beforeRequest", function (e) {
    var el = e.target;
    if ((el.id === "venter" || el.id === "deltagere") && (el.querySelector(":checked") || el.contains(document.activeElement))) { e.preventDefault(); }
  });
})();
